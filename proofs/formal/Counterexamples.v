(** Theorem 1 as printed is false: a flipped student cancels the crease.

    Certifies   with R = (-1,1)^2, f* = relu(x1) and three students, f = f* on R and no student is a positive multiple of the
                teacher; the hypotheses are stronger than the printed ones (see theorem_1_printed).
    Does not    refute what is left with lambda of either sign (Theorem 1').
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Counterexamples.
Variable R : rcfType.

(** Theorem 1 as printed, where the inputs span the space (Proj is the identity). The hypotheses are stronger than printed: added are those that the
    paper leaves out: the boundary is seen inside the open region, the observer is active there, alpha <> 0, f and f*
    agree everywhere on the region. *)
Definition strictly_inside d (region : 'rV[R]_d -> Prop) x :=
  exists2 r : R, 0 < r & forall y, sq (y - x) <= r ^+ 2 -> region y.
Definition theorem_1_printed : Prop :=
  forall (d o : nat) (T S : finType) (teacher : net R d o T) (student : net R d o S) (region : 'rV[R]_d -> Prop),
  (forall x, region x -> strictly_inside region x) ->
  (forall k x, region x -> g_1 teacher student k x = 0) ->
  (forall x, region x -> out teacher x = out student x) ->
  forall (j : T) (k : S) x, region x -> node teacher j x = 0 -> 0 < node student k x -> alpha teacher student k j != 0 ->
  weight teacher j != 0 ->
  exists s l, 0 < l /\ weight student s = l *: weight teacher j.

Definition vec2 (a b : R) : 'rV[R]_2 := \row_j (if j == 0 then a else b).
Lemma dot_vec2 a b (x : 'rV[R]_2) : dot (vec2 a b) x = a * x 0 0 + b * x 0 1.
Proof. by rewrite /dot !big_ord_recl big_ord0 addr0 !mxE /=; congr (_ + _ * x 0 _); apply: val_inj. Qed.
Definition one1 (k : R) : 'rV[R]_1 := \row__ k.

Definition cube d (x : 'rV[R]_d) : Prop := forall j, `|x 0 j| < 1.
Definition T1 : net R 2 1 [finType of 'I_1] := Net (fun=> vec2 1 0) (fun=> 0) (fun=> one1 1).
Definition S1 : net R 2 1 [finType of 'I_3] := Net
  (fun i => if i == 0 then vec2 (-1) 0 else if i == 1 then vec2 1 1 else vec2 0 1)
  (fun i => if i == 0 then 0 else 3%:R)
  (fun i => if i == 0 then one1 1 else if i == 1 then one1 1 else one1 (-1)).

Lemma cube_open d x : @cube d x -> strictly_inside (@cube d) x.
Proof.
move=> sx; have [|q [q0 _ qF]] := @below R [finType of 'I_d] xpredT (fun j => 1 - `|x 0 j|) 1 ltr01.
  by move=> j _; rewrite subr_gt0.
exists (q / 2%:R); first by rewrite divr_gt0 ?ltr0n.
move=> y near j; have -> : y 0 j = x 0 j + (y - x) 0 j by rewrite !mxE addrCA subrr addr0.
have step : `|(y - x) 0 j| <= q / 2%:R.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?normr_ge0 ?divr_ge0 ?ler0n ?(ltW q0) //.
  rewrite real_normK ?num_real //; apply: le_trans near.
  rewrite /sq /dot (bigD1 j) //= -expr2 ler_addl; apply: sumr_ge0 => i _.
  by rewrite -expr2 sqr_ge0.
apply: le_lt_trans (ler_norm_add _ _) _.
apply: le_lt_trans (ler_add (lexx _) step) _.
have := qF j isT; rewrite ler_subr_addl => h; apply: lt_le_trans h.
by rewrite ltr_add2l ltr_pdivr_mulr ?ltr0n // ltr_pmulr // ltr1n.
Qed.

Lemma one1E k (i j : 'I_1) : one1 k i j = k. Proof. by rewrite mxE. Qed.

Lemma agree x : @cube 2 x -> out T1 x = out S1 x.
Proof.
move=> sx; have x0 := sx 0; have x1 := sx 1.
apply/rowP => i; rewrite /out !big_ord_recl !big_ord0 !addr0 /node /= !dot_vec2 !mxE.
move: (x 0 0) (x 0 1) x0 x1 => a b ha hb.
have a3 : 0 <= a + b + 3%:R.
  rewrite -ler_subl_addr sub0r; apply: le_trans (_ : - 2%:R <= _).
    by rewrite ler_opp2 ler_nat.
  have -> : - 2%:R = - 1 - 1 :> R by ring.
  by move: ha hb; rewrite !ltr_norml => /andP[/ltW ? _] /andP[/ltW ? _]; apply: ler_add.
have b3 : 0 <= b + 3%:R.
  rewrite -ler_subl_addr sub0r; apply: le_trans (_ : - 1 <= _); first by rewrite ler_opp2 ler1n.
  by move: hb; rewrite ltr_norml => /andP[/ltW ? _].
rewrite !mul1r !mul0r !mulN1r !add0r !addr0 !mulr1 (relu_pos a3) (relu_pos b3) reluN.
by ring.
Qed.

Theorem theorem_1_printed_false : ~ theorem_1_printed.
Proof.
move=> H.
have [||||||s [l [l0]]] := H 2%N 1%N _ _ T1 S1 (@cube 2) (@cube_open 2) _ agree 0 1 0.
- move=> k x sx; rewrite /g_1 /h_k agree // subrr dot0r; by case: ifP.
- by move=> j; rewrite mxE normr0 ltr01.
- by rewrite /node /= dot0r addr0.
- by rewrite /node /= dot0r add0r ltr0n.
- by rewrite /alpha /dot big_ord_recl big_ord0 /= !one1E mulr1 addr0 oner_eq0.
- by apply/eqP => /rowP/(_ 0)/eqP; rewrite !mxE /= oner_eq0.
move=> /rowP e; have := e 0; have := e 1; rewrite /=.
case: ifP => _.
  rewrite !mxE /= mulr1 => _ h; move: l0; rewrite -h oppr_gt0; by rewrite ltr10.
case: ifP => _; rewrite !mxE /= mulr0 => /eqP; by rewrite oner_eq0.
Qed.
End Counterexamples.
