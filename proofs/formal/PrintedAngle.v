(** Theorem 2 as printed is false where the angle is arccos(p . p') of projections that are not normalised, whatever its constant.

    Certifies   a network that is its own student, of weights of length 1, eps = 0: the bound is 0, and the printed sine, sqrt(1 - (p . p')^2),
                is sqrt(544/625).
    Does not    concern the angle of normalised projections, which is 0 here.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks Counterexamples PrintedTheorem2.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Printed.
Variables (R : rcfType) (d o n : nat) (T S : finType) (teacher : net R d o T) (student : net R d o S).
Variables (region : 'rV[R]_d -> Prop) (U : 'M[R]_(n, d)) (j : T) (k : S) (r eps : R).
(** The inputs are those of the subspace {y U}, U orthonormal. A disc of radius r lies in the boundary of j inside the open region,
    and k is active on all of it. *)
Definition has_hypotheses_on_subspace : Prop :=
  [/\ U *m U^T = 1%:M, forall x, region x -> strictly_inside region x,
      forall y, region (point U 0 y) -> `|g_1 teacher student k (point U 0 y)| <= eps,
      exists2 centre, node teacher j (point U 0 centre) = 0 & forall y, node teacher j (point U 0 y) = 0 ->
        sq (y - centre) <= r ^+ 2 -> region (point U 0 y) /\ 0 <= node student k (point U 0 y)
    & [/\ 0 < r, rp teacher U j != 0, 0 < alpha teacher student k j & 10%:R * eps <= r * alpha teacher student k j]].
(** The printed angle's cosine, and its sine. *)
Definition printed_cosine s : R := dot (rp student U s) (rp teacher U j).
Definition printed_sine s : R := Num.sqrt (1 - printed_cosine s ^+ 2).
End Printed.

Section Instance.
Variable R : rcfType.
Definition vec3 (a b c : R) : 'rV[R]_3 := \row_j (if j == 0 then a else if j == 1 then b else c).
Lemma dot_vec3 a b c (x : 'rV[R]_3) : dot (vec3 a b c) x = a * x 0 0 + b * x 0 1 + c * x 0 2%:R.
Proof.
rewrite /dot !big_ord_recl big_ord0 addr0 !mxE /= addrA.
by congr (_ + _ * x 0 _ + _ * x 0 _); apply: val_inj.
Qed.
Definition self : net R 3 1 [finType of 'I_1] := Net (fun=> vec3 (3%:R / 5%:R) 0 (4%:R / 5%:R)) (fun=> 0) (fun=> one1 1).
Definition plane12 : 'M[R]_(2, 3) := \matrix_(i, j) ((i : nat) == (j : nat))%:R.

Lemma rp_self : rp self plane12 0 = vec2 (3%:R / 5%:R) 0.
Proof.
by apply/rowP => -[[|[|//]] j2]; rewrite !mxE !big_ord_recl big_ord0 !mxE /=; ring.
Qed.
Lemma node_self y : node self 0 (point plane12 0 y) = 3%:R / 5%:R * y 0 0.
Proof. by rewrite lemma_1 rp_self dot_vec2 /rb dot0r mul0r !addr0. Qed.
Lemma point_le (y : 'rV[R]_2) : (forall j, `|y 0 j| < 1) -> cube (point plane12 0 y).
Proof.
move=> y1 [[|[|[|//]]] j3]; rewrite /point !mxE !big_ord_recl big_ord0 !mxE /= ?mulr1 ?mulr0 ?add0r ?addr0 ?normr0 ?ltr01 //.
Qed.

Theorem theorem_2_unnormalised_angle C : exists (f : net R 3 1 [finType of 'I_1]) (U : 'M[R]_(2, 3)) r,
  [/\ has_hypotheses_on_subspace f f (@cube R 3) U 0 0 r 0, norm (weight f 0) = 1,
      `|printed_cosine f f U 0 0| <= 1 & bound f f 0 0 r 0 C < printed_sine f f U 0 0].
Proof.
exists self, plane12, 2%:R^-1.
have cosine : printed_cosine self self plane12 0 0 = 9%:R / 25%:R.
  by rewrite /printed_cosine rp_self dot_vec2 !mxE /=; field.
have al : alpha self self 0 0 = 1 by rewrite /alpha /dot big_ord_recl big_ord0 !mxE mulr1 addr0.
have half0 : 0 < 2%:R^-1 :> R by rewrite invr_gt0 ltr0n.
split; rewrite ?cosine.
- split.
  + by apply/matrixP => -[[|[|//]] i2] [[|[|//]] j2]; rewrite !mxE !big_ord_recl big_ord0 !mxE /=; ring.
  + exact: cube_open.
  + by move=> y _; rewrite /g_1 /h_k subrr dot0r if_same normr0.
  + exists 0 => [|y]; first by rewrite node_self mxE mulr0.
    rewrite node_self => /eqP; rewrite !mulf_eq0 invr_eq0 !pnatr_eq0 /= => /eqP y0 near; split; last by rewrite y0 mulr0.
    apply: point_le => j; apply: le_lt_trans (_ : 2%:R^-1 < 1); last exact: half_lt1.
    rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?normr_ge0 ?(ltW half0) // real_normK ?num_real //; apply: le_trans near.
    by rewrite subr0 /sq /dot (bigD1 j) //= -expr2 ler_addl; apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0.
  + by split; rewrite ?al ?ltr01 ?mulr0 ?mulr1 ?(ltW half0) // rp_self vec2_neq0 // mulf_neq0 ?invr_eq0 ?pnatr_eq0.
- by rewrite /norm (_ : sq _ = 1) ?sqrtr1 // /sq /= dot_vec3 !mxE /=; field.
- by rewrite ger0_norm ?divr_ge0 ?ler0n // ler_pdivr_mulr ?ltr0n // mul1r ler_nat.
- rewrite /bound mulr0 mul0r /printed_sine cosine sqrtr_gt0.
  have -> : 1 - (9%:R / 25%:R) ^+ 2 = 544%:R / 625%:R :> R by field.
  by rewrite divr_gt0 ?ltr0n.
Qed.
End Instance.
