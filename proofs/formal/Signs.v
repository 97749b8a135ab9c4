(** Theorem 1', sign: when the student that g_1 = 0 forces has the teacher's own orientation.

    Certifies   where h = 0 on a ball: the kink mass of every hyperplane that meets it is 0, and so is the affine rest; if no other
                teacher lies on H_j and the node (p_j, b_j) is no combination of the nodes off H_j that are positive somewhere in
                the ball, some student has p_s = lambda p_j and beta_s = lambda beta_j with lambda > 0.
    Does not    say that the condition is necessary.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Rest.
Variables (R : rcfType) (n : nat) (I : finType) (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R).
Variables (x0 : 'rV[R]_n) (r : R).
Notation val := (val p b).
(** Node i is positive somewhere in the open ball. *)
Definition felt i : bool := 0 < val i x0 + r * norm (p i).

Hypothesis r0 : 0 < r.
Hypothesis zero : forall y, sq (y - x0) <= r ^+ 2 -> h c p b 0 0 y = 0.

Lemma no_mass i : p i != 0 -> meets p b x0 r i -> mass c p b i = 0.
Proof.
move=> pi; rewrite /meets val_nu // normrM (ger0_norm (norm_ge0 _)) mulrC ltr_pmul2r ?norm_gt0 //.
set k := dot (nu p i) x0 + be p b i => kr.
apply: (@zero_test R n I p b c 0 0 i (x0 + (- k) *: nu p i) (r - `|k|)) => //; last 1 first.
- move=> y near; apply: zero; set u := y - _ in near.
  have -> : y - x0 = u + (- k) *: nu p i by rewrite /u opprD addrA subrK.
  rewrite sqDZ sq_nu // mulr1 sqrrN.
  have k0 : 0 <= r - `|k| by rewrite subr_ge0 ltW.
  have nu1 : norm u <= r - `|k| by rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // sqr_norm.
  have cs : `|- k * dot (nu p i) u| <= `|k| * (r - `|k|).
    rewrite normrM normrN ler_wpmul2l //; apply: le_trans (CS _ _) _.
    by rewrite {1}/norm sq_nu // sqrtr1 mul1r.
  have -> : r ^+ 2 = (r - `|k|) ^+ 2 + 2%:R * (`|k| * (r - `|k|)) + `|k| ^+ 2 by ring.
  rewrite real_normK ?num_real // ler_add2r ler_add // -mulrA ler_wpmul2l ?ler0n //.
  exact: le_trans (ler_norm _) cs.
- by rewrite val_nu // dotDr dotZr -/(sq (nu p i)) sq_nu // mulr1 addrAC -/k subrr mulr0.
- by rewrite subr_gt0.
Qed.

Lemma affine_zero (A : 'rV[R]_n) (B : R) : (forall y, sq (y - x0) <= r ^+ 2 -> dot A y + B = 0) -> A = 0 /\ B = 0.
Proof.
move=> vanish; have at0 : dot A x0 + B = 0 by apply: vanish; rewrite subrr /sq dot0l sqr_ge0.
have [A0|A0] := eqVneq A 0; first by rewrite A0 dot0l add0r in at0.
have nA : 0 < norm A by rewrite norm_gt0.
pose k := r / norm A; have near : sq (x0 + k *: A - x0) <= r ^+ 2.
  by rewrite addrAC subrr add0r sqZ -sqr_norm -exprMn divfK ?gt_eqF.
have := vanish _ near; rewrite dotDr dotZr addrAC at0 add0r -/(sq A) => /eqP.
by rewrite !mulf_eq0 invr_eq0 sq_eq0 (negbTE A0) (gt_eqF r0) (gt_eqF nA).
Qed.

(** How much of node i is left of the affine rest: half of it where it changes sign in the ball. *)
Definition share i : R := if meets p b x0 r i then 2%:R^-1 else if 0 < val i x0 then 1 else 0.

Lemma share_felt i : share i != 0 -> felt i.
Proof.
rewrite /share /felt; case: ifP => [|_]; first by rewrite /meets ltr_norml ltr_oppl -subr_gt0 opprK addrC => /andP[].
by case: ifP => [pos _|]; rewrite ?eqxx // ltr_paddr // mulr_ge0 ?norm_ge0 // ltW.
Qed.

Lemma relu_share i y : sq (y - x0) <= r ^+ 2 ->
  relu (val i y) = share i * val i y + (if meets p b x0 r i then 2%:R^-1 * `|val i y| else 0).
Proof.
move=> near; rewrite /share; case: ifP => [_|/negbT far].
  have [pos|/ltW neg] := lerP 0 (val i y); first by rewrite relu_pos // ger0_norm //; field.
  by rewrite relu_neg // ler0_norm //; field.
have step : `|val i y - val i x0| <= `|val i x0|.
  apply: le_trans (_ : r * norm (p i) <= _); last by rewrite leNgt.
  have -> : val i y - val i x0 = dot (p i) (y - x0) by rewrite /Crease.val dotDr dotNr; ring.
  apply: le_trans (CS _ _) _; rewrite mulrC ler_wpmul2r ?norm_ge0 //.
  by rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 ?sqr_norm // ltW.
rewrite addr0; case: ifP => [pos|/negbT]; last rewrite -leNgt => neg.
  rewrite mul1r relu_pos //; move: step; rewrite (gtr0_norm pos) ler_norml => /andP[l _].
  by rewrite -(ler_add2r (- val i x0)) sub0r.
rewrite mul0r relu_neg //; move: step; rewrite (ler0_norm neg) ler_norml => /andP[_ u].
by rewrite -(ler_add2r (- val i x0)) sub0r.
Qed.

Theorem affine_rest : \sum_i (c i * share i) *: p i = 0 /\ \sum_i (c i * share i) * b i = 0.
Proof.
apply: affine_zero => y near; have := zero near; rewrite /h dot0l !addr0.
rewrite (eq_bigr _ (fun i _ => congr1 (fun z => c i * z) (relu_share i near))).
rewrite (eq_bigr _ (fun i _ => mulrDr (c i) _ _)) big_split /=.
have -> : \sum_i c i * (if meets p b x0 r i then 2%:R^-1 * `|val i y| else 0) = 0.
  pose G i := 2%:R^-1 * `|dot (nu p i) y + be p b i|.
  transitivity (\sum_(i | (p i != 0) && meets p b x0 r i) c i * (norm (p i) * G i)).
    rewrite big_mkcond [RHS]big_mkcond /=; apply: eq_bigr => i _.
    case: ifP => [mi|]; last by rewrite mulr0 andbF.
    have pi : p i != 0.
      by apply: contraTneq mi => p0; rewrite /meets -leNgt p0 /norm /sq dot0l sqrtr0 mulr0 normr_ge0.
    by rewrite pi /= /G val_nu // normrM (ger0_norm (norm_ge0 _)); congr (_ * _); rewrite mulrCA.
  rewrite (@sum_mass _ _ _ c p b (meets p b x0 r) G); first by apply: big1 => i /andP[/andP[pi _] mi]; rewrite no_mass ?mul0r.
    move=> i j s; have [/and3P[pi pj _]] := (s, s); rewrite /meets !val_nu // !normrM !(ger0_norm (norm_ge0 _)).
    rewrite ![_ * `|_|]mulrC !ltr_pmul2r ?norm_gt0 //.
    by case/and3P: s => _ _ /orP[] /andP[/eqP-> /eqP->] //; rewrite dotNl -opprD normrN.
  move=> i j /and3P[_ _ /orP[] /andP[/eqP e1 /eqP e2]]; rewrite /G e1 e2 //.
  by rewrite dotNl -opprD normrN.
rewrite addr0 => E; rewrite -[RHS]E dot_suml -big_split /=; apply: eq_bigr => i _.
by rewrite dotZl /Crease.val; ring.
Qed.
End Rest.

Section Sign.
Variables (R : rcfType) (d o : nat) (T S : finType) (teacher : net R d o T) (student : net R d o S).
Variables (n : nat) (U : 'M[R]_(n, d)) (x0 : 'rV[R]_d) (region : 'rV[R]_d -> Prop) (k : S).
Variables (j : T) (centre : 'rV[R]_n) (r : R).
Notation I := [finType of T + S].
Notation p := (pI teacher student U).
Notation b := (bI teacher student x0).
Notation c := (cI teacher student k).
Notation onH := (same p b (inl j)).
Hypothesis pj : rp teacher U j != 0.
Hypothesis on_j : node teacher j (point U x0 centre) = 0.
Hypothesis ball : forall y, sq (y - centre) <= r ^+ 2 -> region (point U x0 y) /\ active student k (point U x0 y).
Hypothesis r0 : 0 < r.
Hypothesis visible : kappa_T teacher student U x0 k (inl j) != 0.
Hypothesis zero : forall x, region x -> g_1 teacher student k x = 0.
(** No other teacher on H_j; its node is no combination of the nodes off H_j that are positive somewhere in the ball. *)
Hypothesis alone : forall t : T, onH (inl t) -> t = j.
Hypothesis outside : forall q : I -> R, (forall i, q i != 0 -> ~~ onH i && felt p b centre r i) ->
  ~ (\sum_i q i *: p i = rp teacher U j /\ \sum_i q i * b i = rb teacher x0 j).

Theorem theorem_1'_sign : exists s l, [/\ 0 < l, rp student U s = l *: rp teacher U j, rb student x0 s = l * rb teacher x0 j
  & beta student k s != 0].
Proof.
have h0 y : sq (y - centre) <= r ^+ 2 -> h c p b 0 0 y = 0.
  by move=> /ball[reg act]; have := zero reg; rewrite /g_1 act h_k_ridge.
have [rest_p rest_b] := affine_rest r0 h0.
have on_j' : val p b (inl j) centre = 0 by rewrite /val -lemma_1.
pose l i := dot (p i) (rp teacher U j) / sq (rp teacher U j).
have sj : sq (rp teacher U j) != 0 by rewrite sq_eq0.
have lE i : onH i -> p i = l i *: rp teacher U j /\ b i = l i * rb teacher x0 j.
  move=> s; have [z [_ e1 e2]] := sameP b i (pj : p (inl j) != 0) s.
  have -> : l i = z by rewrite /l e1 dotZl -/(sq _) mulfK.
  by rewrite e1 e2.
have half i : onH i -> share p b centre r i = 2%:R^-1.
  move=> s; have pi : p i != 0 by case/and3P: s.
  rewrite /share /meets; have [e1 e2] := lE i s; rewrite /val e1 e2 dotZl -mulrDr.
  have -> : dot (rp teacher U j) centre + rb teacher x0 j = 0 by exact: on_j'.
  by rewrite mulr0 normr0 -e1 mulr_gt0 ?norm_gt0.
pose Z := \sum_(i | onH i) c i * l i.
have Z0 : Z = 0.
  have [->//|Zn] := eqVneq Z 0; exfalso.
  pose q i := if onH i then 0 else - (2%:R / Z) * (c i * share p b centre r i).
  have key (V : lmodType R) (f : I -> V) (fj : V) : (forall i, onH i -> f i = l i *: fj) ->
      \sum_i (c i * share p b centre r i) *: f i = 0 -> \sum_i q i *: f i = fj.
    move=> fE; rewrite (bigID onH) /=.
    have -> : \sum_(i | onH i) (c i * share p b centre r i) *: f i = (Z / 2%:R) *: fj.
      by rewrite /Z mulr_suml scaler_suml; apply: eq_bigr => i s; rewrite (fE i s) half // scalerA; congr (_ *: _); ring.
    rewrite addrC => /eqP; rewrite addr_eq0 => /eqP E.
    rewrite (bigID onH) /= big1 ?add0r => [|i s]; last by rewrite /q s scale0r.
    transitivity (- (2%:R / Z) *: \sum_(i | ~~ onH i) (c i * share p b centre r i) *: f i).
      by rewrite scaler_sumr; apply: eq_bigr => i /negbTE s; rewrite /q s scalerA.
    rewrite E scalerN scaleNr opprK scalerA; have -> : 2%:R / Z * (Z / 2%:R) = 1 by field; rewrite Zn.
    by rewrite scale1r.
  case: (@outside q) => [i|]; first last.
    split; first by apply: key rest_p => i /lE[].
    by apply: (key [lmodType R of R^o] b) rest_b => i /lE[].
  rewrite /q; case: ifP => [_|_ qi]; first by rewrite eqxx.
  by apply: share_felt => //; apply: contraNneq qi => ->; rewrite !mulr0.
have M0 : \sum_(i | onH i) c i * `|l i| = 0.
  have near : meets p b centre r (inl j).
    by rewrite /meets; have -> : val p b (inl j) centre = 0 by []; rewrite normr0 mulr_gt0 ?norm_gt0.
  have := no_mass h0 (pj : p (inl j) != 0) near; rewrite /mass.
  rewrite (eq_bigr (fun i => c i * `|l i| * norm (rp teacher U j))) => [|i s]; last first.
    by have [-> _] := lE i s; rewrite normZ mulrA.
  by rewrite -mulr_suml => /eqP; rewrite mulf_eq0 norm_eq0 (negbTE pj) orbF => /eqP.
have [s /and3P[sm pos bs]|none] := pickP (fun s => [&& onH (inr s), 0 < l (inr s) & beta student k s != 0]).
  by have [e1 e2] := lE _ sm; exists s, (l (inr s)); split.
case/eqP: visible; suff aj : alpha teacher student k j = 0.
  by apply: big1 => t /alone->; rewrite aj mul0r.
have : \sum_(i | onH i) c i * (l i + `|l i|) = 0.
  by rewrite (eq_bigr _ (fun i _ => mulrDr (c i) _ _)) big_split /= M0 addr0.
rewrite (bigD1 (inl j)) /=; last exact: same_refl.
rewrite big1 ?addr0 => [|i /andP[si ij]]; last first.
  case: i si ij => [t|s] si ij; first by case/negP: ij; rewrite (alone si).
  have := none s; rewrite si /=; case: ltrP => [_ /negbFE/eqP bs|le _].
    by rewrite /= bs oppr0 mul0r.
  by rewrite ler0_norm // subrr mulr0.
rewrite /l /= divff // normr1 => /eqP; rewrite mulf_eq0 => /orP[/eqP-> //|].
by rewrite -[1 + 1]/(2%:R) pnatr_eq0.
Qed.
End Sign.
