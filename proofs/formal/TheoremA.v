(** Theorem A: a crease hides only behind opposing creases at a small angle, in every dimension.

    Certifies   |kappa| r <= 4 eps sqrt(1 + Gamma^2), and if some crease opposes, one that meets the ball with
                sin theta |kappa| r <= 4 N eps; h is a sum of nodes plus any affine function, |h| <= eps on a closed ball.
    Does not    claim the constants to be best. Opposing creases parallel to H that meet the ball are excluded by hypothesis:
                there Gamma is infinite and the bound says nothing.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Angle.
Variables (R : rcfType) (n : nat).
Implicit Types u v : 'rV[R]_n.
(** The angle in [0, pi/2] between the hyperplanes with normals u and v. *)
Definition cosA u v : R := `|dot u v| / (norm u * norm v).
Definition sinA u v : R := Num.sqrt (1 - cosA u v ^+ 2).
Definition cotA u v : R := cosA u v / sinA u v.

Lemma cosA_ge0 u v : 0 <= cosA u v.
Proof. by rewrite divr_ge0 ?mulr_ge0 ?normr_ge0 ?norm_ge0. Qed.
Lemma sinA_ge0 u v : 0 <= sinA u v. Proof. exact: sqrtr_ge0. Qed.
Lemma cotA_ge0 u v : 0 <= cotA u v.
Proof. by rewrite divr_ge0 ?cosA_ge0 ?sinA_ge0. Qed.
Lemma cosA_le1 u v : cosA u v <= 1.
Proof.
rewrite /cosA; have [->|u0] := eqVneq u 0; first by rewrite dot0l normr0 mul0r ler01.
have [->|v0] := eqVneq v 0; first by rewrite dot0r normr0 mul0r ler01.
by rewrite ler_pdivr_mulr ?mulr_gt0 ?norm_gt0 // mul1r CS.
Qed.
Lemma sqr_sinA u v : sinA u v ^+ 2 = 1 - cosA u v ^+ 2.
Proof. by rewrite sqr_sqrtr // subr_ge0 expr_le1 ?cosA_ge0 ?cosA_le1. Qed.
Lemma sinA_le1 u v : sinA u v <= 1.
Proof.
by rewrite -(@expr_le1 _ 2) ?sinA_ge0 // sqr_sinA ler_subl_addr ler_addl sqr_ge0.
Qed.
Lemma cosA_nu (I : finType) (p : I -> 'rV[R]_n) i j : cosA (p i) (p j) = `|dot (nu p i) (nu p j)|.
Proof.
rewrite /cosA /nu dotZl dotZr mulrA normrM ger0_norm; last by rewrite mulr_ge0 ?invr_ge0 ?norm_ge0.
by rewrite mulrC invfM.
Qed.
(** A vector in the hyperplane of u is seen from another normal by the sine. *)
Lemma dot_tangent (I : finType) (p : I -> 'rV[R]_n) i j s : p i != 0 -> p j != 0 -> dot (nu p j) s = 0 ->
  `|dot (nu p i) s| <= sinA (p i) (p j) * norm s.
Proof.
move=> pi pj s0; pose g := dot (nu p i) (nu p j).
have -> : dot (nu p i) s = dot (nu p i + (- g) *: nu p j) s by rewrite dotDl dotZl s0 mulr0 addr0.
apply: le_trans (CS _ _) _; rewrite ler_wpmul2r ?norm_ge0 //.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 ?sinA_ge0 // sqr_norm sqr_sinA cosA_nu -/g.
rewrite sqDZ !sq_nu // dotC -/g real_normK ?num_real //.
by rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.
End Angle.

(** Two steps +-v from z stay within r of 0: then -B beyond r is farther from z than v. *)
Lemma beyond (R : rcfType) (v z B r : R) : `|z + v| <= r -> `|z - v| <= r -> r <= `|B| -> `|v| <= `|B + z|.
Proof.
move=> plus minus far.
have vz : `|v| + `|z| <= r.
  have up := le_trans (ler_norm _) plus; have um := le_trans (ler_norm _) minus.
  have lp : - (z + v) <= r by apply: le_trans plus; rewrite -normrN ler_norm.
  have lm : - (z - v) <= r by apply: le_trans minus; rewrite -normrN ler_norm.
  have [v0|/ltW v0] := lerP 0 v; have [z0|/ltW z0] := lerP 0 z.
  - by rewrite (ger0_norm v0) (ger0_norm z0) addrC.
  - by rewrite (ger0_norm v0) (ler0_norm z0) -opprB.
  - by rewrite (ler0_norm v0) (ger0_norm z0) addrC.
  - by rewrite (ler0_norm v0) (ler0_norm z0) addrC -opprD.
rewrite -(ler_add2r `|z|); apply: le_trans vz (le_trans far _).
rewrite -{1}[B](addrK z); apply: le_trans (ler_norm_sub _ _) _; exact: lexx.
Qed.

(** ** Bang's point
    avoid: hyperplanes (one representative each) that the segment shall not be cut by. *)
Section Segment.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (p : I -> 'rV[R]_n) (b : I -> R) (i0 : I) (x0 : 'rV[R]_n) (r : R) (avoid : pred I).
Definition meets i : bool := `|val p b i x0| < r * norm (p i).
Let opp i : bool := isrep p b i && avoid i && meets i.
Let Gamma : R := \sum_(i | opp i) cotA (p i) (p i0).
Hypothesis p0 : p i0 != 0.
Hypothesis r0 : 0 <= r.
Let n0 := nu p i0.
Let t := r / Num.sqrt (1 + Gamma ^+ 2).
Let root_gt0 : 0 < Num.sqrt (1 + Gamma ^+ 2).
Proof. by rewrite sqrtr_gt0 ltr_paddr ?sqr_ge0 // ltr01. Qed.
Let t_ge0 : 0 <= t. Proof. by rewrite divr_ge0 // ltW. Qed.
Let n01 : sq n0 = 1. Proof. exact: sq_nu. Qed.
Let g i := dot (nu p i) n0.
Let cos i := cosA (p i) (p i0).
Let sin i := sinA (p i) (p i0).
Let s0 i := dot (nu p i) x0 + be p b i.

Let cosE i : cos i = `|g i|. Proof. exact: cosA_nu. Qed.
Let sin2 i : sin i ^+ 2 = 1 - g i ^+ 2.
Proof. by rewrite /sin sqr_sinA -/(cos i) cosE real_normK ?num_real. Qed.

Let u i := (sin i)^-1 *: (nu p i + (- g i) *: n0).
Let m i := - s0 i / sin i.
Let w i := if opp i then t * cotA (p i) (p i0) else 0.

Let opp_p i : opp i -> p i != 0.
Proof. by case/andP => /andP[/andP[]]. Qed.

Hypothesis slanted : forall i, opp i -> sinA (p i) (p i0) != 0.

Let unit i : opp i -> sq (u i) = 1.
Proof.
move=> oi; rewrite sqZ sqDZ sq_nu ?opp_p // n01 dotC -/(g i).
have -> : 1 + 2%:R * - g i * g i + (- g i) ^+ 2 * 1 = sin i ^+ 2 by rewrite sin2; ring.
by rewrite -exprMn mulVf ?expr1n // slanted.
Qed.
Let u_n0 i : dot n0 (u i) = 0.
Proof. by rewrite dotZr dotDr dotZr -/(sq n0) n01 dotC -/(g i) mulr1 addrN mulr0. Qed.
Let nu_u i : opp i -> nu p i = sin i *: u i + g i *: n0.
Proof.
by move=> oi; rewrite scalerA divff ?slanted // scale1r -addrA -scalerDl addNr scale0r addr0.
Qed.

(** Bang's point: a segment of half length t along the normal that no opposing crease cuts. *)
Theorem segment : exists s : 'rV[R]_n, let t := r / Num.sqrt (1 + Gamma ^+ 2) in
  [/\ dot (nu p i0) s = 0, sq s <= (t * Gamma) ^+ 2, sq s + t ^+ 2 <= r ^+ 2
  & forall i, isrep p b i -> avoid i -> gap p b i (x0 + s) (t *: nu p i0) = 0].
Proof.
have [i wi| i |s [[k [sk k0]] len out]] := @bang R n I u m w _ _.
- by apply: unit; apply: contraNT wi => /negbTE; rewrite /w => ->.
- by rewrite /w; case: ifP => // _; rewrite mulr_ge0 ?cotA_ge0.
have s0n : dot n0 s = 0.
  by rewrite sk dot_sumr big1 // => i _; rewrite dotZr u_n0 mulr0.
have wsum : \sum_i w i = t * Gamma by rewrite /w -big_mkcond /= mulr_sumr.
have s2 : sq s + t ^+ 2 <= r ^+ 2.
  have -> : r ^+ 2 = (t * Gamma) ^+ 2 + t ^+ 2.
    have e : r = t * Num.sqrt (1 + Gamma ^+ 2) by rewrite divfK // gt_eqF.
    by rewrite {1}e !exprMn sqr_sqrtr ?addr_ge0 ?ler01 ?sqr_ge0 //; ring.
  by rewrite ler_add2r -wsum.
exists s; rewrite -/t -/n0; split => //; first by rewrite -wsum.
move=> i ri neg; have pi : p i != 0 by case/andP: ri.
have vE : dot (nu p i) (t *: n0) = t * g i by rewrite dotZr.
have zE : dot (nu p i) (x0 + s) + be p b i = s0 i + dot (nu p i) s.
  by rewrite dotDr addrAC.
rewrite /gap relu_neg // subr_le0 vE zE.
case mi : (meets i).
  have oi : opp i by rewrite /opp ri neg mi.
  have := out i; rewrite /w oi => le.
  have -> : s0 i + dot (nu p i) s = sin i * (dot (u i) s - m i).
    rewrite {1}nu_u // dotDl (dotZl (sin i)) (dotZl (g i)) s0n mulr0 addr0 /m.
    by field; rewrite slanted.
  rewrite (normrM t) (normrM (sin i)) (ger0_norm t_ge0) -cosE (ger0_norm (sinA_ge0 _ _)).
  have -> : t * cos i = sin i * (t * cotA (p i) (p i0)).
    by rewrite /cotA -/(cos i) -/(sin i); field; rewrite slanted.
  by rewrite ler_wpmul2l // sinA_ge0.
have far : r <= `|s0 i|.
  move: mi => /negbT; rewrite -leNgt val_nu // normrM (ger0_norm (norm_ge0 _)) mulrC.
  by rewrite ler_pmul2l // norm_gt0.
have side k' : k' ^+ 2 = 1 -> `|dot (nu p i) s + k' * (t * g i)| <= r.
  move=> k1; have -> : dot (nu p i) s + k' * (t * g i) = dot (nu p i) (s + (k' * t) *: n0).
    by rewrite dotDr dotZr -/(g i) mulrA.
  apply: le_trans (CS _ _) _; rewrite /norm sq_nu // sqrtr1 mul1r.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?sqrtr_ge0 // sqr_norm.
  by rewrite sqDZ s0n mulr0 addr0 n01 mulr1 exprMn k1 mul1r.
have := side 1; rewrite expr1n mul1r => /(_ erefl) plus.
have := side (- 1); rewrite sqrrN expr1n mulN1r => /(_ erefl) minus.
exact: beyond plus minus far.
Qed.
End Segment.

(** ** Three values *)
Section Points.
Variables (R : rcfType) (n : nat) (x0 n0 s : 'rV[R]_n) (t r eps : R) (f : 'rV[R]_n -> R).
Lemma three_points : sq n0 = 1 -> dot n0 s = 0 -> sq s + t ^+ 2 <= r ^+ 2 ->
  (forall y, sq (y - x0) <= r ^+ 2 -> `|f y| <= eps) ->
  [/\ `|f (x0 + s + t *: n0)| <= eps, `|f (x0 + s - t *: n0)| <= eps & `|f (x0 + s)| <= eps].
Proof.
move=> n01 s0n s2 small.
have ball k : k ^+ 2 <= 1 -> `|f (x0 + s + k *: (t *: n0))| <= eps.
  move=> k1; apply: small; rewrite scalerA addrC -!addrA addKr.
  rewrite sqDZ s0n mulr0 addr0 n01 mulr1 exprMn; apply: le_trans s2.
  by rewrite ler_add2l ler_pimull ?sqr_ge0.
have := ball 1; have := ball (- 1); have := ball 0.
rewrite sqrrN expr1n expr0n scale1r scaleN1r scale0r addr0 lexx ler01.
by move=> /(_ isT) e3 /(_ isT) e2 /(_ isT) e1; split.
Qed.
End Points.

Section Values.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R) (i0 : I).
Notation h := (h c p b a a0).
Notation mass := (mass c p b).
(** One node i for each hyperplane that opposes that of node i0. *)
Definition opposes i : bool := isrep p b i && (mass i * mass i0 < 0).

(** Three values: a second difference that no opposing crease sees bounds the mass. *)
Theorem evaluation x v (eps : R) : p i0 != 0 ->
  `|h (x + v)| <= eps -> `|h (x - v)| <= eps -> `|h x| <= eps ->
  (forall i, opposes i -> gap p b i x v = 0) -> `|mass i0| * gap p b i0 x v <= 4%:R * eps.
Proof.
move=> p0 e1 e2 e3 quiet.
have Dle := D_le e1 e2 e3.
have Dge : mass i0 ^+ 2 * gap p b i0 x v <= mass i0 * D c p b a a0 x v.
  rewrite D_mass mulr_sumr (bigD1 (rep p b i0)) ?rep_isrep //=.
  have same0 := same_rep b p0.
  rewrite -(same_mass c same0) -(same_gap _ _ same0) expr2 -mulrA.
  rewrite ler_addl; apply: sumr_ge0 => i /andP[ri _]; rewrite mulrA.
  have [pos|neg] := lerP 0 (mass i * mass i0); first by rewrite mulr_ge0 ?relu_ge0 // mulrC.
  by rewrite quiet ?mulr0 // /opposes ri.
have [->|k0] := eqVneq (mass i0) 0.
  by rewrite normr0 mul0r mulr_ge0 ?ler0n // (le_trans _ e3).
have kpos : 0 < `|mass i0| by rewrite normr_gt0.
rewrite -(ler_pmul2l kpos) mulrA -normrM -expr2 ger0_norm ?sqr_ge0 //.
apply: le_trans Dge (le_trans (ler_norm _) _).
by rewrite normrM ler_wpmul2l.
Qed.

(** The segment of half length t along the normal, in the middle of which the hyperplane of i0 lies. *)
Lemma gap_along x t : p i0 != 0 -> 0 <= t -> val p b i0 x = 0 -> gap p b i0 x (t *: nu p i0) = t.
Proof.
move=> p0 t0; rewrite /gap dotZr -/(sq (nu p i0)) sq_nu // mulr1 (ger0_norm t0) val_nu // => /eqP.
by rewrite mulf_eq0 norm_eq0 (negbTE p0) /= => /eqP ->; rewrite normr0 subr0 relu_pos.
Qed.
End Values.

Section TheoremA.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R).
Variables (i0 : I) (x0 : 'rV[R]_n) (r eps : R).
Notation h := (h c p b a a0).
Notation mass := (mass c p b).

(** ... and meets the open ball B(x0, r). *)
Definition opp i : bool := opposes c p b i0 i && meets p b x0 r i.
Definition Gamma : R := \sum_(i | opp i) cotA (p i) (p i0).

Hypothesis p0 : p i0 != 0.
Hypothesis centre : val p b i0 x0 = 0.
Hypothesis r0 : 0 <= r.
Hypothesis small : forall y, sq (y - x0) <= r ^+ 2 -> `|h y| <= eps.

Lemma eps_ge0 : 0 <= eps.
Proof.
apply: le_trans (normr_ge0 (h x0)) (small _).
by rewrite subrr /sq dot0l sqr_ge0.
Qed.

Let n0 := nu p i0.
Let t := r / Num.sqrt (1 + Gamma ^+ 2).
Let root_gt0 : 0 < Num.sqrt (1 + Gamma ^+ 2).
Proof. by rewrite sqrtr_gt0 ltr_paddr ?sqr_ge0 // ltr01. Qed.
Let t_ge0 : 0 <= t. Proof. by rewrite divr_ge0 // ltW. Qed.
Let n01 : sq n0 = 1. Proof. exact: sq_nu. Qed.
Hypothesis slanted : forall i, opp i -> sinA (p i) (p i0) != 0.

Theorem theorem_A : `|mass i0| * r <= 4%:R * eps * Num.sqrt (1 + Gamma ^+ 2).
Proof.
rewrite -ler_pdivr_mulr // -mulrA -/t.
have [s [s0n _ s2 quiet]] := @segment R n I p b i0 x0 r (fun i => mass i * mass i0 < 0) p0 r0 slanted.
rewrite -/n0 in s0n quiet.
have [up down middle] := three_points n01 s0n s2 small.
have centre' : val p b i0 (x0 + s) = 0 by rewrite /val dotDr addrAC -/(val p b i0 x0) centre add0r p_nu dotZl s0n mulr0.
rewrite -{1}(gap_along p0 t_ge0 centre'); apply: (evaluation (a := a) (a0 := a0)) => // i /andP[]; exact: quiet.
Qed.

(** Corollary: some opposing crease that meets the ball is at a small angle. *)
Theorem theorem_A_sine : (exists i, opp i) -> 0 < `|mass i0| * r ->
  exists2 i, opp i & sinA (p i) (p i0) * (`|mass i0| * r) <= 4%:R * #|opp|%:R * eps.
Proof.
move=> [j oj] pos; case: (arg_minP (fun i => sinA (p i) (p i0)) oj) => i oi least.
exists i => //; set S := sinA (p i) (p i0).
have Spos : 0 < S by rewrite lt_def sinA_ge0 slanted.
have N1 : 1 <= #|opp|%:R :> R by rewrite ler1n; apply/card_gt0P; exists i.
set N : R := #|opp|%:R in N1 *.
have bound : Gamma <= N * cotA (p i) (p i0).
  have -> : N * cotA (p i) (p i0) = \sum_(k | opp k) cotA (p i) (p i0).
    by rewrite sumr_const mulr_natl.
  apply: ler_sum => k ok.
  have Sk : 0 < sinA (p k) (p i0) by rewrite lt_def sinA_ge0 slanted.
  apply: ler_pmul; rewrite ?cosA_ge0 ?invr_ge0 ?sinA_ge0 //; last by rewrite lef_pinv ?posrE ?least.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?cosA_ge0 //.
  have E (z : 'rV[R]_n) : cosA z (p i0) ^+ 2 = 1 - sinA z (p i0) ^+ 2 by rewrite sqr_sinA; ring.
  by rewrite !E ler_add2l ler_opp2 ler_pexpn2r ?nnegrE ?sinA_ge0 ?least.
have G0 : 0 <= Gamma by apply: sumr_ge0 => k _; apply: cotA_ge0.
have root : Num.sqrt (1 + Gamma ^+ 2) <= N / S.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?sqrtr_ge0 ?divr_ge0 ?ler0n ?(ltW Spos) //.
  rewrite sqr_sqrtr ?addr_ge0 ?ler01 ?sqr_ge0 //.
  have b2 : Gamma ^+ 2 <= (N * cotA (p i) (p i0)) ^+ 2.
    by rewrite ler_pexpn2r ?nnegrE // mulr_ge0 ?ler0n ?cotA_ge0.
  apply: le_trans (_ : 1 + (N * cotA (p i) (p i0)) ^+ 2 <= _); first by rewrite ler_add2l.
  rewrite -subr_ge0 /cotA -/S.
  have -> : (N / S) ^+ 2 - (1 + (N * (cosA (p i) (p i0) / S)) ^+ 2)
     = N ^+ 2 * ((1 - cosA (p i) (p i0) ^+ 2) / S ^+ 2) - 1 by field; rewrite gt_eqF.
  by rewrite -sqr_sinA -/S divff ?mulr1 ?subr_ge0 ?exprn_ege1 // expf_neq0 ?gt_eqF.
have := theorem_A => A.
rewrite mulrC -ler_pdivl_mulr //.
have -> : 4%:R * N * eps / S = 4%:R * eps * (N / S) by ring.
by apply: le_trans A _; rewrite ler_wpmul2l // mulr_ge0 ?ler0n ?eps_ge0.
Qed.
End TheoremA.
