(** A disc of the plane as a strip: the nodes in coordinates along H and across it.

    Certifies   that on a strip inside the disc h is kappa relu(tau) + lines + parallels to H + affine, each hyperplane once, with its
                kink mass; that slopes are cotangents; that a line which meets the strip meets the disc.
    Does not    keep parallels to H that miss the strip: there they are affine.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Plane Sorted.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Disc.
Variables (R : rcfType) (I : finType) (c : I -> R) (p : I -> 'rV[R]_2) (b : I -> R) (a : 'rV[R]_2) (a0 : R) (i0 : I) (x0 : 'rV[R]_2).
Hypotheses (p0 : p i0 != 0) (on_H : val p b i0 x0 = 0).
Notation nu := (nu p). Notation be := (be p b). Notation mass := (mass c p b). Notation isrep := (isrep p b).

(** Across H and along H. *)
Let n0 := nu i0.
Definition along : 'rV[R]_2 := \row_j (if j == 0 then - n0 0 1 else n0 0 0).
Definition at_ (x tau : R) : 'rV[R]_2 := x0 + x *: along + tau *: n0.
Lemma dot2 (u v : 'rV[R]_2) : dot u v = u 0 0 * v 0 0 + u 0 1 * v 0 1.
Proof. by rewrite /dot !big_ord_recl big_ord0 addr0; congr (_ + u 0 _ * v 0 _); apply: val_inj. Qed.
Let A i := dot (nu i) along.
Let B i := dot (nu i) n0.
Let C i := dot (nu i) x0 + be i.
Lemma along2 : along 0 0 = - n0 0 1 /\ along 0 1 = n0 0 0. Proof. by rewrite !mxE. Qed.
Lemma unit_AB i : p i != 0 -> A i ^+ 2 + B i ^+ 2 = 1.
Proof.
move=> pi; have := sq_nu p0; have := sq_nu pi; rewrite -/n0 /sq !dot2 /A /B !dot2; have [-> ->] := along2.
move: (n0 0 0) (n0 0 1) (nu i 0 0) (nu i 0 1) => u v y z e1 e2.
by transitivity ((y * y + z * z) * (u * u + v * v)); [ring|rewrite e1 e2 mulr1].
Qed.
Lemma cosA_B i : cosA (p i) (p i0) = `|B i|. Proof. exact: cosA_nu. Qed.
Lemma sinA_A i : p i != 0 -> sinA (p i) (p i0) = `|A i|.
Proof.
by move=> pi; rewrite /sinA cosA_B real_normK ?num_real // -(unit_AB pi) addrK sqrtr_sqr.
Qed.
Lemma far_AB x tau : sq (at_ x tau - x0) = x ^+ 2 + tau ^+ 2.
Proof.
have e : n0 0 0 * n0 0 0 + n0 0 1 * n0 0 1 = 1 by rewrite -dot2; exact: sq_nu.
have part j : (at_ x tau - x0) 0 j = x * along 0 j + tau * n0 0 j.
  by rewrite /at_ -(addrA x0) [x0 + _]addrC addrK; move: along (n0) => u v; rewrite !mxE.
rewrite /sq dot2 !part; have [-> ->] := along2; move: (n0 0 0) (n0 0 1) e => u v e.
by transitivity ((x ^+ 2 + tau ^+ 2) * (u * u + v * v)); [ring|rewrite e mulr1].
Qed.
Lemma z_at i x tau : dot (nu i) (at_ x tau) + be i = A i * x + B i * tau + C i.
Proof. by rewrite /at_ !dotDr (dotZr x) (dotZr tau) -/(A i) -/(B i) /C; move: (dot _ x0) (A i) (B i) (be i) => u v y z; ring. Qed.
Lemma A0 : A i0 = 0.
Proof. by rewrite /A dot2; have [-> ->] := along2; rewrite -/n0; ring. Qed.
Lemma B0 : B i0 = 1. Proof. exact: sq_nu. Qed.
Lemma C0 : C i0 = 0.
Proof. by have := on_H; rewrite val_nu // => /eqP; rewrite mulf_eq0 norm_eq0 (negbTE p0) => /eqP. Qed.

(** The line of hyperplane i, and where one parallel to H stands. *)
Definition offset i : R := - (C i / A i).
Definition tilt_of i : R := - (B i / A i).
Definition level_of i : R := - (B i * C i).
Lemma tilt_cot i : p i != 0 -> `|tilt_of i| = cotA (p i) (p i0).
Proof. by move=> pi; rewrite /tilt_of /cotA normrN normrM normfV sinA_A // cosA_B. Qed.

Lemma crossing_meets i rho t r : p i != 0 -> A i != 0 -> 0 <= t -> 0 < rho -> 0 <= r -> rho ^+ 2 + t ^+ 2 <= r ^+ 2 ->
  crosses offset tilt_of rho t i -> meets p b x0 r i.
Proof.
move=> pi Ai t0 rho0 r0 inside /(crossesP _ _ _ t0 rho0)[tau tt xr].
pose x := offset i + tilt_of i * tau; have on : A i * x + B i * tau + C i = 0 by rewrite /x /offset /tilt_of; field.
have far : norm (at_ x tau - x0) < r.
  rewrite -(@ltr_pexpn2r _ 2) ?nnegrE ?norm_ge0 // sqr_norm far_AB; apply: lt_le_trans inside.
  have [x2 t2] : `|x| ^+ 2 < rho ^+ 2 /\ `|tau| ^+ 2 <= t ^+ 2.
    by rewrite ltr_pexpn2r ?nnegrE ?(ltW rho0) // ler_pexpn2r ?nnegrE.
  by move: x2 t2; rewrite !real_normK ?num_real // => x2 t2; exact: ltr_le_add.
rewrite /meets val_nu // normrM (ger0_norm (norm_ge0 _)) mulrC ltr_pmul2r ?norm_gt0 //; apply: le_lt_trans far.
have -> : dot (nu i) x0 + be i = - dot (nu i) (at_ x tau - x0).
  have := z_at i x tau; rewrite on dotDr dotNr => z; apply/eqP; rewrite -subr_eq0 opprK; apply/eqP; rewrite -z.
  by move: (dot _ _) (dot _ _) (be i) => u v w; ring.
rewrite normrN; apply: le_trans (CS _ _) _; have -> : norm (nu i) = 1 by rewrite /norm sq_nu // sqrtr1.
by rewrite mul1r.
Qed.

(** Relu by absolute values, which do not depend on the side. *)
Lemma abs_relu (z : R) : `|z| = 2%:R * relu z - z.
Proof.
have [z0|/ltW z0] := lerP 0 z; last by rewrite relu_neg // ler0_norm // mulr0 sub0r.
by rewrite relu_pos // ger0_norm //; ring.
Qed.

(** Affine functions of the two coordinates, on a strip of height t. *)
Section Affine.
Variable t : R.
Definition affine_on (F : R -> R -> R) : Prop := exists a b d : R, forall x tau, `|tau| <= t -> F x tau = a * x + b * tau + d.
Lemma affine_any (F : R -> R -> R) (u v w : R) : (forall x tau, `|tau| <= t -> F x tau = u * x + v * tau + w) -> affine_on F.
Proof. by move=> e; exists u, v, w. Qed.
Lemma affine_add F G : affine_on F -> affine_on G -> affine_on (fun x tau => F x tau + G x tau).
Proof.
move=> [a1 [b1 [d1 e1]]] [a2 [b2 [d2 e2]]]; exists (a1 + a2), (b1 + b2), (d1 + d2) => x tau tt.
by rewrite e1 // e2 //; ring.
Qed.
Lemma affine_sum (J : finType) (Q : pred J) (F : J -> R -> R -> R) : (forall j, Q j -> affine_on (F j)) ->
  affine_on (fun x tau => \sum_(j | Q j) F j x tau).
Proof.
move=> each; suff : forall s : seq J, affine_on (fun x tau => \sum_(j <- s | Q j) F j x tau) by apply.
elim=> [|j s IH]; first by apply: (@affine_any _ 0 0 0) => x tau _; rewrite big_nil; ring.
have [Qj|nQ] := boolP (Q j); last first.
  by case: IH => u [v [w e]]; exists u, v, w => x tau tt; rewrite big_cons (negbTE nQ) e.
case: (affine_add (each j Qj) IH) => u [v [w e]]; exists u, v, w => x tau tt.
by rewrite big_cons Qj -e.
Qed.
End Affine.

Section Strip.
Variables (t : R) (K : pred I).
(** The parallels to H that are kept; the others miss the strip. *)
Let parallel j := [&& isrep j, A j == 0 & ~~ same p b i0 j].
Hypothesis dropped : forall j, parallel j -> ~~ K j -> mass j != 0 -> t <= `|level_of j|.
Definition line_mass i : R := if isrep i && (A i != 0) then mass i * `|A i| else 0.
Definition parallel_mass j : R := if [&& isrep j, A j == 0 & ~~ same p b i0 j] && K j then mass j else 0.
Let half_abs j x tau := mass j * (2%:R^-1 * `|dot (nu j) (at_ x tau) + be j|).
Let kept j x tau := line_mass j * relu (line offset tilt_of j x tau) + parallel_mass j * relu (tau - level_of j)
  + (if j == rep p b i0 then mass i0 * relu tau else 0).

Lemma same_A j : same p b i0 j -> A j = 0.
Proof.
case/and3P=> _ _ /orP[]/andP[/eqP e _]; have := A0; rewrite /A /n0; first by rewrite e.
by rewrite e dotNl => /eqP; rewrite oppr_eq0 => /eqP.
Qed.
Lemma same_C j : same p b i0 j -> C j = 0.
Proof.
case/and3P=> _ _ /orP[]/andP[/eqP e1 /eqP e2]; have := C0; rewrite /C e1 e2 //.
by rewrite dotNl -opprD => /eqP; rewrite oppr_eq0 => /eqP.
Qed.

Lemma term_affine j : isrep j -> affine_on t (fun x tau => half_abs j x tau - kept j x tau).
Proof.
move=> rj; have pj : p j != 0 by case/andP: rj.
rewrite /half_abs /kept /line_mass /parallel_mass /parallel rj /=.
have [Aj|Aj] := eqVneq (A j) 0; rewrite /=; last first.
  have -> : (j == rep p b i0) = false.
    by apply: contraNF Aj => /eqP->; apply/eqP; apply: same_A; exact: same_rep.
  apply: (@affine_any _ _ (- (2%:R^-1 * mass j * `|A j|)) (2%:R^-1 * mass j * `|A j| * tilt_of j) (2%:R^-1 * mass j * `|A j| * offset j)).
  move=> x tau _; rewrite z_at.
  have -> : A j * x + B j * tau + C j = A j * line offset tilt_of j x tau by rewrite /line /offset /tilt_of; field.
  rewrite normrM (abs_relu (line _ _ _ _ _)); move: (mass j) (relu (tau - _)) (relu _) `|A j| => m q r y.
  by rewrite /line; field.
have B2 : B j ^+ 2 = 1 by rewrite -(unit_AB pj) Aj expr0n add0r.
have zE x tau : `|dot (nu j) (at_ x tau) + be j| = `|tau - level_of j|.
  rewrite z_at Aj mul0r add0r.
  have -> : B j * tau + C j = B j * (tau - level_of j).
    by rewrite /level_of; transitivity (B j * tau + B j ^+ 2 * C j); [rewrite B2 mul1r|ring].
  have Bn : `|B j| = 1 by apply/eqP; rewrite -(@eqr_expn2 _ 2) ?normr_ge0 // expr1n real_normK ?num_real // B2.
  by rewrite normrM Bn mul1r.
have [jE|jn] := eqVneq j (rep p b i0).
  have s : same p b i0 j by rewrite jE same_rep.
  rewrite s /=; apply: (@affine_any _ _ 0 (- (2%:R^-1 * mass i0)) 0) => x tau _.
  by rewrite zE /level_of (same_C s) mulr0 oppr0 subr0 (same_mass c s) abs_relu; move: (mass _) (relu _) (relu tau) => m q r; field.
have ns : same p b i0 j = false.
  apply: contraNF jn => s; apply/eqP; rewrite (rep_same s); by case/andP: rj => _ /eqP.
rewrite ns /=; have [Kj|nK] := boolP (K j).
  apply: (@affine_any _ _ 0 (- (2%:R^-1 * mass j)) (2%:R^-1 * mass j * level_of j)) => x tau _.
  by rewrite zE abs_relu; move: (mass j) (relu _) (relu (tau - _)) => m q r; field.
have [m0|mn] := eqVneq (mass j) 0.
  by apply: (@affine_any _ _ 0 0 0) => x tau _; rewrite m0; ring.
have far : t <= `|level_of j| by apply: dropped; rewrite // /parallel rj Aj eqxx ns.
have [h0|h0] := lerP 0 (level_of j).
  apply: (@affine_any _ _ 0 (- (2%:R^-1 * mass j)) (2%:R^-1 * mass j * level_of j)) => x tau tt.
  rewrite zE ler0_norm; first by rewrite !mul0r; move: (mass j) (level_of j) => m u; field.
  by rewrite subr_le0 (le_trans (ler_norm _)) // (le_trans tt) // -[leRHS](ger0_norm h0).
apply: (@affine_any _ _ 0 (2%:R^-1 * mass j) (- (2%:R^-1 * mass j * level_of j))) => x tau tt.
rewrite zE ger0_norm; first by rewrite !mul0r; move: (mass j) (level_of j) => m u; field.
rewrite subr_ge0 -ler_opp2; apply: le_trans (_ : `|tau| <= _); first by rewrite -normrN ler_norm.
by apply: le_trans tt (le_trans far _); rewrite ltr0_norm.
Qed.

Lemma disc_strip : exists u v w, forall x tau, `|tau| <= t ->
  h c p b a a0 (at_ x tau) = strip_h line_mass offset tilt_of (mass i0) u v w x tau + parallels parallel_mass level_of tau.
Proof.
have flat_nodes : affine_on t (fun x tau => \sum_(i | xpredT i) c i * (2%:R^-1 * val p b i (at_ x tau))).
  apply: affine_sum => i _; apply: (@affine_any _ _ (2%:R^-1 * c i * dot (p i) along) (2%:R^-1 * c i * dot (p i) n0)
    (2%:R^-1 * c i * (dot (p i) x0 + b i))) => x tau _.
  by rewrite /val /at_ !dotDr (dotZr x) (dotZr tau); move: (dot _ x0) (dot _ along) (dot _ n0) => *; ring.
have rest : affine_on t (fun x tau => dot a (at_ x tau) + a0).
  apply: (@affine_any _ _ (dot a along) (dot a n0) (dot a x0 + a0)) => x tau _.
  by rewrite /at_ !dotDr (dotZr x) (dotZr tau); move: (dot _ x0) (dot _ along) (dot _ n0) => *; ring.
have dead : affine_on t (fun x tau => \sum_(i | p i == 0) c i * (2%:R^-1 * `|val p b i (at_ x tau)|)).
  apply: affine_sum => i /eqP pi; apply: (@affine_any _ _ 0 0 (c i * (2%:R^-1 * `|b i|))) => x tau _.
  by rewrite /val pi dot0l add0r; ring.
have terms : affine_on t (fun x tau => \sum_(j | isrep j) (half_abs j x tau - kept j x tau)).
  by apply: affine_sum => j; exact: term_affine.
have [u [v [w e]]] := affine_add (affine_add flat_nodes rest) (affine_add dead terms).
exists u, v, w => x tau tt; have {e} := e x tau tt; rewrite sumrB.
have all_nodes : \sum_i c i * relu (val p b i (at_ x tau)) = \sum_i c i * (2%:R^-1 * val p b i (at_ x tau))
    + (\sum_(i | p i == 0) c i * (2%:R^-1 * `|val p b i (at_ x tau)|) + \sum_(j | isrep j) half_abs j x tau).
  have -> : \sum_(j | isrep j) half_abs j x tau = \sum_(i | p i != 0) c i * (2%:R^-1 * `|val p b i (at_ x tau)|).
    transitivity (\sum_(i | isrep i && xpredT i) mass i * (2%:R^-1 * `|dot (nu i) (at_ x tau) + be i|)).
      by apply: eq_bigl => i; rewrite andbT.
    rewrite -sum_mass // => [|i j /and3P[_ _ /orP[]/andP[/eqP-> /eqP->]] //]; last by rewrite dotNl -opprD normrN.
    apply: eq_big => [i|i /andP[pi _]]; first by rewrite andbT.
    by congr (_ * _); rewrite val_nu // normrM (ger0_norm (norm_ge0 _)) mulrCA.
  rewrite -(bigID (fun i => p i == 0) xpredT) -big_split /=; apply: eq_bigr => i _.
  by rewrite abs_relu; move: (relu _) => r; field.
have all_kept : \sum_(j | isrep j) kept j x tau
    = mass i0 * relu tau + \sum_i line_mass i * relu (line offset tilt_of i x tau) + parallels parallel_mass level_of tau.
  have only (F : I -> R) : (forall i, ~~ isrep i -> F i = 0) -> \sum_(i | isrep i) F i = \sum_i F i.
    by move=> zero; rewrite big_mkcond; apply: eq_bigr => i _; case: ifPn => // /zero.
  have itself : \sum_(j | isrep j) (if j == rep p b i0 then mass i0 * relu tau else 0) = mass i0 * relu tau.
    by rewrite (bigD1 (rep p b i0)) ?rep_isrep //= eqxx big1 ?addr0 // => j /andP[_ /negbTE->].
  rewrite /kept !big_split /=.
  rewrite (only (fun j => line_mass j * _)) => [|j /negbTE nj]; last by rewrite /line_mass nj mul0r.
  rewrite (only (fun j => parallel_mass j * _)) => [|j /negbTE nj]; last by rewrite /parallel_mass nj mul0r.
  by rewrite itself addrC addrA.
rewrite all_kept /h all_nodes /strip_h.
move: (\sum_(j | isrep j) _) (\sum_(i | p i == 0) _) (\sum_i c i * _) (\sum_i line_mass i * _) (parallels _ _ _) => S1 S2 S3 S4 S5.
move: (dot a _) (mass i0 * _) (u * x + v * tau + w) => Y k F e.
by apply/eqP; rewrite -subr_eq0; apply/eqP; rewrite -e; ring.
Qed.
End Strip.
End Disc.
