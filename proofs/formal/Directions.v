(** One and two directions: no count of the creases that hide another one.

    Certifies   if all opposing hyperplanes that meet the ball are parallel to w: |kappa| r sin(w, H) <= 4 eps; if all
                hyperplanes other than H that meet the ball, of either sign, are parallel to w1 or to w2: |kappa| r S <= 4 eps
                for every S <= sin(w1, H), sin(w2, H).
    Does not    hold for two directions if only opposing hyperplanes are counted (theorem-a-two-directions has an instance).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Cylinder.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Along.
Variables (R : rcfType) (n : nat).
Implicit Types (u v w : 'rV[R]_n).
Lemma CSr u v (k : R) : 0 <= k -> sq v <= k ^+ 2 -> `|dot u v| <= k * norm u.
Proof.
move=> k0 le; apply: le_trans (CS _ _) _; rewrite mulrC ler_wpmul2r ?norm_ge0 //.
by rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // sqr_norm.
Qed.

(** A vector in the hyperplane with normal w, of length k, that rises above the hyperplane with normal u by k times the sine. *)
Lemma rise w u (k : R) : w != 0 -> u != 0 -> 0 < sinA w u -> exists v,
  [/\ dot w v = 0, dot ((norm u)^-1 *: u) v = k * sinA w u & sq v = k ^+ 2].
Proof.
move=> w0 u0 S0; set S := sinA w u in S0 *.
pose m := (norm w)^-1 *: w; pose n0 := (norm u)^-1 *: u.
have unit x : x != 0 -> sq ((norm x)^-1 *: x) = 1 :> R.
  by move=> x0; rewrite sqZ -sqr_norm exprVn mulVf // expf_neq0 ?norm_eq0.
have [m1 n1] : sq m = 1 /\ sq n0 = 1 by split; apply: unit.
pose g := dot m n0.
have S2 : S ^+ 2 = 1 - g ^+ 2.
  rewrite /S sqr_sinA /cosA -(real_normK (num_real g)) /g /m /n0 dotZl dotZr mulrA normrM.
  by rewrite [`|_^-1 * _|]ger0_norm ?mulr_ge0 ?invr_ge0 ?norm_ge0 // mulrC invfM.
have e2 : sq (n0 + (- g) *: m) = S ^+ 2 by rewrite sqDZ m1 n1 -/g S2; ring.
have Sn : S != 0 by rewrite gt_eqF.
exists ((k / S) *: (n0 + (- g) *: m)); split.
- have -> : w = norm w *: m by rewrite scalerA divff ?scale1r // norm_eq0.
  by rewrite dotZl (dotZr (k / S)) dotDr (dotZr (- g)) -/g -/(sq m) m1 mulr1 subrr !mulr0.
- rewrite -/n0 (dotZr (k / S)) dotDr (dotZr (- g)) -/(sq n0) n1 (dotC n0 m) -/g.
  have -> : 1 + - g * g = S ^+ 2 by rewrite S2; ring.
  by field.
- by rewrite sqZ e2; field.
Qed.
End Along.

Section Directions.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R).
Variables (i0 : I) (x0 : 'rV[R]_n) (r eps : R).
Notation h := (h c p b a a0).
Notation mass := (mass c p b).
Notation n0 := (nu p i0).
Hypothesis p0 : p i0 != 0.
Hypothesis centre : val p b i0 x0 = 0.
Hypothesis r0 : 0 <= r.
Hypothesis small : forall y, sq (y - x0) <= r ^+ 2 -> `|h y| <= eps.

Let near v : sq v <= r ^+ 2 -> `|h (x0 + v)| <= eps.
Proof. by move=> le; apply: small; rewrite addrC addKr. Qed.
Let eps0 : 0 <= eps. Proof. exact: (eps_ge0 small). Qed.
Let centre0 : dot n0 x0 + be p b i0 = 0.
Proof. by have := centre; rewrite val_nu // => /eqP; rewrite mulf_eq0 norm_eq0 (negbTE p0) => /eqP. Qed.
Let missed i v : ~~ meets p b x0 r i -> sq v <= r ^+ 2 -> `|dot (p i) v| <= `|val p b i x0|.
Proof. by rewrite -leNgt => far le; apply: le_trans far; apply: CSr. Qed.

Theorem one_direction (w : 'rV[R]_n) : w != 0 -> (forall i, opp c p b i0 x0 r i -> exists l, p i = l *: w) ->
  `|mass i0| * (r * sinA w (p i0)) <= 4%:R * eps.
Proof.
move=> w0 parallel; have [S0|] := ltrP 0 (sinA w (p i0)); last first.
  move=> le; have /eqP-> : sinA w (p i0) == 0 by rewrite eq_le le sinA_ge0.
  by rewrite !mulr0 mulr_ge0 ?ler0n.
have [v [wv nv v2]] := rise r w0 p0 S0; have v2' : sq v <= r ^+ 2 by rewrite v2.
have gE : gap p b i0 x0 v = r * sinA w (p i0).
  rewrite /gap centre0 normr0 subr0 /nu nv ger0_norm ?relu_pos // mulr_ge0 ?sinA_ge0 //.
rewrite -gE; apply: (evaluation (a := a) (a0 := a0)) => //.
- exact: near.
- by apply: near; rewrite -scaleN1r sqZ sqrrN expr1n mul1r.
- by rewrite -[x0]addr0; apply: near; rewrite /sq dot0l sqr_ge0.
move=> i oi; have /andP[pi _] : isrep p b i by case/andP: oi.
apply: relu_neg; rewrite subr_le0; have := normr_ge0 (dot (nu p i) x0 + be p b i).
have [mi|mi] := boolP (meets p b x0 r i).
  have [|l e] := parallel i; first by rewrite /opp oi.
  by rewrite /nu e !dotZl wv !mulr0 normr0.
have := missed mi v2'; rewrite val_nu // {1}[p i]p_nu dotZl !normrM.
by rewrite ler_pmul2l // normr_gt0 norm_eq0.
Qed.

Theorem two_directions (w1 w2 : 'rV[R]_n) (S : R) : w1 != 0 -> w2 != 0 ->
  (forall i, p i != 0 -> ~~ same p b i0 i -> meets p b x0 r i -> (exists l, p i = l *: w1) \/ (exists l, p i = l *: w2)) ->
  0 <= S -> S <= sinA w1 (p i0) -> S <= sinA w2 (p i0) ->
  `|mass i0| * (r * S) <= 4%:R * eps.
Proof.
move=> w10 w20 parallel; rewrite le_eqVlt => /orP[/eqP<- _ _|S0 le1 le2].
  by rewrite !mulr0 mulr_ge0 ?ler0n.
(* half of a step in a direction space that rises by r S *)
have step w : w != 0 -> S <= sinA w (p i0) ->
    exists v, [/\ dot w v = 0, dot n0 v = r * S / 2%:R & 4%:R * sq v <= r ^+ 2].
  move=> w0 le; have W0 := lt_le_trans S0 le.
  have [v [wv nv v2]] := rise (r * S / sinA w (p i0) / 2%:R) w0 p0 W0.
  exists v; split => //; first by rewrite /nu nv; field; rewrite gt_eqF.
  have -> : 4%:R * sq v = r ^+ 2 * (S / sinA w (p i0)) ^+ 2 by rewrite v2; field; rewrite gt_eqF.
  rewrite -[leRHS]mulr1 ler_wpmul2l ?sqr_ge0 // expr_le1 ?divr_ge0 ?(ltW S0) ?(ltW W0) //.
  by rewrite ler_pdivr_mulr // mul1r.
have [v1 [wv1 nv1 v12]] := step _ w10 le1; have [v2 [wv2 nv2 v22]] := step _ w20 le2.
have half s : s ^+ 2 = 1 -> sq (v1 + s *: v2) <= r ^+ 2.
  move=> s1; rewrite -(ler_pmul2l (ltr0n R 2 : 0 < 2%:R)).
  have -> : 2%:R * sq (v1 + s *: v2) = 4%:R * sq v1 + 4%:R * sq v2 - 2%:R * sq (v1 + (- s) *: v2).
    by rewrite !sqDZ sqrrN s1; ring.
  rewrite ler_subl_addr; apply: le_trans (ler_add v12 v22) _.
  have -> : 2%:R * r ^+ 2 = r ^+ 2 + r ^+ 2 by ring.
  by rewrite ler_addl mulr_ge0 ?ler0n ?sq_ge0.
have up : sq (v1 + v2) <= r ^+ 2 by rewrite -[v2]scale1r half ?expr1n.
have down : sq (v1 - v2) <= r ^+ 2 by rewrite -scaleN1r half // sqrrN expr1n.
have opp v : sq (- v) = sq v by rewrite -scaleN1r sqZ sqrrN expr1n mul1r.
pose Q := (h (x0 + (v1 + v2)) + h (x0 - (v1 + v2))) - (h (x0 + (v1 - v2)) + h (x0 - (v1 - v2))).
have Qle : `|Q| <= 4%:R * eps.
  have -> : 4%:R * eps = (eps + eps) + (eps + eps) by ring.
  apply: le_trans (ler_norm_sub _ _) (ler_add _ _);
    apply: le_trans (ler_norm_add _ _) (ler_add _ _); apply: near; rewrite ?opp //.
have QE : Q = mass i0 * (r * S).
  have -> : Q = D c p b a a0 x0 (v1 + v2) - D c p b a a0 x0 (v1 - v2) by rewrite /Q /D; ring.
  rewrite !D_nodes -sumrB /mass mulr_suml [RHS]big_mkcond /=; apply: eq_bigr => i _.
  rewrite -mulrBr; case: ifP => [s|/negbT s].
    have /and3P[_ pi e] := s.
    have z0 : val p b i x0 = 0.
      rewrite val_nu //; case/orP: e => /andP[/eqP e1 /eqP e2].
        by rewrite -e1 -e2 centre0 mulr0.
      by rewrite -[nu p i]opprK -[be p b i]opprK -e1 -e2 dotNl -opprD centre0 oppr0 mulr0.
    have nE v : `|dot (p i) v| = norm (p i) * `|dot n0 v|.
      rewrite {1}[p i]p_nu dotZl normrM (ger0_norm (norm_ge0 _)); congr (_ * _).
      by case/orP: e => /andP[/eqP-> _]; rewrite // dotNl normrN.
    rewrite z0 normr0 !subr0 !relu_pos // !nE !dotDr dotNr nv1 nv2 subrr normr0 mulr0 subr0.
    have -> : r * S / 2%:R + r * S / 2%:R = r * S by field.
    by rewrite ger0_norm ?mulr_ge0 ?(ltW S0) // mulrA.
  have [pi|pi] := eqVneq (p i) 0; first by rewrite pi !dot0l subrr mulr0.
  have [mi|mi] := boolP (meets p b x0 r i); last first.
    by rewrite !relu_neg ?subrr ?mulr0 // subr_le0; apply: missed.
  case: (parallel i pi s mi) => -[l ->]; rewrite !dotDr dotNr !dotZl.
    by rewrite wv1 mulr0 !add0r normrN subrr mulr0.
  by rewrite wv2 mulr0 oppr0 subrr mulr0.
rewrite -[X in _ * X]ger0_norm; last by rewrite mulr_ge0 // ltW.
by rewrite -normrM -QE.
Qed.
End Directions.
