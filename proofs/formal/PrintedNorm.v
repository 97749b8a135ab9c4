(** Theorem 2 as printed is false where the projected norm of the teacher is missing, whatever its constant.

    Certifies   for every C a teacher and a student of weights of length 1 and a subspace with the hypotheses as printed, on which the
                teacher's projection is short, and no student within C K eps/(alpha r) of its direction: they are at right angles.
    Does not    rescale anything: |w| = 1 for both nodes (the other half of the counterexample is theorem_2_rescaled_teacher).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks Counterexamples PrintedTheorem2 PrintedAngle.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Instance.
Variables (R : rcfType) (t : R).
Hypothesis t0 : 0 < t.
Hypothesis small : t <= 100%:R^-1.
Definition steep : net R 3 1 [finType of 'I_1] := Net (fun=> vec3 0 t (Num.sqrt (1 - t ^+ 2))) (fun=> 0) (fun=> one1 1).
Definition across : net R 3 1 [finType of 'I_1] := Net (fun=> vec3 1 0 0) (fun=> 3%:R) (fun=> one1 t).
Notation plane := (@plane12 R).

Let t1 : t <= 1. Proof. by apply: le_trans small _; rewrite invf_le1 ?ltr0n // ler1n. Qed.
Let tn : t != 0. Proof. by rewrite gt_eqF. Qed.

Let rp_steep : rp steep plane 0 = vec2 0 t.
Proof. by apply/rowP => -[[|[|//]] j2]; rewrite !mxE !big_ord_recl big_ord0 !mxE /=; ring. Qed.
Let rp_across : rp across plane 0 = vec2 1 0.
Proof. by apply/rowP => -[[|[|//]] j2]; rewrite !mxE !big_ord_recl big_ord0 !mxE /=; ring. Qed.
Let node_steep y : node steep 0 (point plane 0 y) = t * y 0 1.
Proof. by rewrite lemma_1 rp_steep dot_vec2 /rb dot0r mul0r add0r !addr0. Qed.
Let node_across y : node across 0 (point plane 0 y) = y 0 0 + 3%:R.
Proof. by rewrite lemma_1 rp_across dot_vec2 /rb dot0r mul0r mul1r add0r !addr0. Qed.
Let onto y : cube (point plane 0 y) -> `|y 0 0| < 1 /\ `|y 0 1| < 1.
Proof.
move=> c; have := c 0; have := c 1.
rewrite /point !mxE !big_ord_recl !big_ord0 !mxE /= !mulr1 !mulr0 !add0r !addr0.
by have -> : lift ord0 ord0 = 1 :> 'I_2 by apply: val_inj.
Qed.

Let al : alpha steep across 0 0 = t.
Proof. by rewrite /alpha /dot big_ord_recl big_ord0 !mxE ?mul1r ?mulr1 addr0. Qed.

Lemma steep_hypotheses : has_hypotheses_on_subspace steep across (@cube R 3) plane 0 0 2%:R^-1 (5%:R * t ^+ 2).
Proof.
have half0 : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
split.
- by apply/matrixP => -[[|[|//]] i2] [[|[|//]] j2]; rewrite !mxE !big_ord_recl big_ord0 !mxE /=; ring.
- exact: cube_open.
- move=> y /onto[y0 y1]; rewrite /g_1; case: ifP => _; last by rewrite normr0 mulr_ge0 ?ler0n ?sqr_ge0.
  rewrite /h_k /dot big_ord_recl big_ord0 addr0 !mxE /out !big_ord_recl !big_ord0 !addr0 !mxE /= node_steep node_across.
  rewrite reluM ?(ltW t0) // mulr1.
  have -> : t * (t * relu (y 0 1) - relu (y 0 0 + 3%:R) * t) = t ^+ 2 * (relu (y 0 1) - relu (y 0 0 + 3%:R)) by ring.
  rewrite normrM ger0_norm ?sqr_ge0 // mulrC ler_wpmul2r ?sqr_ge0 //.
  move: y0 y1; rewrite !ltr_norml => /andP[/ltW l1 /ltW u1] /andP[/ltW l2 /ltW u2].
  have pos : 0 <= y 0 0 + 3%:R.
    have := ler_add l1 (lexx (3%:R : R)); apply: le_trans.
    have -> : -1 + 3%:R = 2%:R :> R by ring.
    exact: ler0n.
  have top : relu (y 0 1) <= 1 by rewrite /relu le_maxl ler01 u2.
  have r0 := relu_ge0 (y 0 1).
  rewrite (relu_pos pos) ler_norml; apply/andP; split; rewrite -subr_ge0.
    have -> : relu (y 0 1) - (y 0 0 + 3%:R) - - 5%:R = relu (y 0 1) + (1 - y 0 0) + 1 by ring.
    by apply: addr_ge0 ler01; apply: addr_ge0 => //; rewrite subr_ge0.
  have -> : 5%:R - (relu (y 0 1) - (y 0 0 + 3%:R)) = (1 - relu (y 0 1)) + (y 0 0 - -1) + 6%:R by ring.
  by apply: addr_ge0 (ler0n _ _); apply: addr_ge0; rewrite subr_ge0.
- exists 0 => [|y]; first by rewrite node_steep mxE mulr0.
  rewrite node_steep => /eqP; rewrite mulf_eq0 (negbTE tn) /= => /eqP y1 near.
  have le j : `|y 0 j| <= 2%:R^-1.
    rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?normr_ge0 ?(ltW half0) // real_normK ?num_real //; apply: le_trans near.
    by rewrite subr0 /sq /dot (bigD1 j) //= -expr2 ler_addl; apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0.
  split; first by apply: point_le => j; apply: le_lt_trans (le j) (half_lt1 R).
  rewrite node_across -[y 0 0]opprK addrC subr_ge0; apply: le_trans (ler_norm _) _; rewrite normrN.
  by apply: le_trans (le 0) (le_trans (ltW (half_lt1 R)) _); rewrite ler1n.
- split=> //; rewrite ?al //; first by rewrite rp_steep vec2_neq0 // tn orbT.
  have -> : 10%:R * (5%:R * t ^+ 2) = (50%:R * t) * t by ring.
  rewrite ler_wpmul2r ?(ltW t0) //; apply: le_trans (_ : 50%:R * 100%:R^-1 <= _); first by rewrite ler_wpmul2l ?ler0n.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; field.
Qed.

Lemma steep_unit : norm (weight steep 0) = 1 /\ norm (weight across 0) = 1.
Proof.
split; rewrite /norm /sq /= dot_vec3 !mxE /=.
  rewrite mul0r add0r -!expr2 sqr_sqrtr ?subr_ge0 ?expr_le1 ?(ltW t0) //.
  by rewrite addrC subrK sqrtr1.
by rewrite !mul0r !addr0 mulr1 sqrtr1.
Qed.

Lemma steep_far C s : C * 20%:R * t < 4%:R^-1 -> rp across plane s != 0 /\
  bound steep across 0 0 2%:R^-1 (5%:R * t ^+ 2) C < sinA (rp across plane s) (rp steep plane 0).
Proof.
move=> tM; rewrite [s]ord1 rp_across rp_steep; split; first by rewrite vec2_neq0 // oner_eq0.
rewrite sinA_right /bound al !card_ord.
have -> : C * (1 + 1)%:R * (5%:R * t ^+ 2) / (t / 2%:R) = C * 20%:R * t by field.
by apply: lt_trans tM _; rewrite invf_lt1 ?ltr0n ?ltr1n.
Qed.
End Instance.

Theorem theorem_2_projected_norm (R : rcfType) (C : R) :
  exists (teacher student : net R 3 1 [finType of 'I_1]) (U : 'M[R]_(2, 3)) r eps,
  [/\ has_hypotheses_on_subspace teacher student (@cube R 3) U 0 0 r eps,
      norm (weight teacher 0) = 1 /\ norm (weight student 0) = 1
    & forall s, rp student U s != 0 /\ bound teacher student 0 0 r eps C < sinA (rp student U s) (rp teacher U 0)].
Proof.
have [t [t0 tle tM]] := @small_t R (C * 20%:R).
exists (steep t), (across t), (@plane12 R), 2%:R^-1, (5%:R * t ^+ 2); split.
- exact: steep_hypotheses.
- exact: steep_unit.
- by move=> s; apply: steep_far.
Qed.
