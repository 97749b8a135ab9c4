(** Theorem A in a cylinder: thickness across the crease and width along it, each on its own.

    Certifies   |kappa| t <= 4 eps if |h| <= eps on {x0 + y + tau n : <n, y> = 0, |y| <= rho, |tau| <= t} and t Gamma <= rho,
                Gamma over the opposing hyperplanes that meet the open cylinder (any larger set of them will do).
    Does not    choose t or rho. Opposing creases parallel to H that meet the cylinder are excluded by hypothesis.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Plank.
Variables (R : rcfType) (n : nat) (I : finType) (p : I -> 'rV[R]_n) (b : I -> R) (i0 : I) (x0 : 'rV[R]_n).
Variables (avoid : pred I) (t : R).
Let G : R := \sum_(i | isrep p b i && avoid i) cotA (p i) (p i0).

Lemma relu_eq0 (z : R) : relu z = 0 -> z <= 0.
Proof. by move=> e; rewrite -e /relu le_maxr lexx orbT. Qed.

(** Bang's point for a given height t: how far it moves is not bounded by a ball. *)
Lemma plank : p i0 != 0 -> 0 <= t -> (forall i, isrep p b i -> avoid i -> sinA (p i) (p i0) != 0) ->
  exists s, [/\ dot (nu p i0) s = 0, sq s <= (t * G) ^+ 2
    & forall i, isrep p b i -> avoid i -> gap p b i (x0 + s) (t *: nu p i0) = 0].
Proof.
move=> p0 t0 slanted; have G0 : 0 <= G by apply: sumr_ge0 => i _; apply: cotA_ge0.
pose r := t * Num.sqrt (1 + G ^+ 2).
have r0 : 0 <= r by rewrite mulr_ge0 ?sqrtr_ge0.
have [i /andP[/andP[ri ai] _]|s] := @segment R n I p b i0 x0 r avoid p0 r0; first exact: slanted.
set g := \sum_(i | _) _ => /= -[s0 _ s2 quiet].
have g0 : 0 <= g by apply: sumr_ge0 => i _; apply: cotA_ge0.
have gG : g <= G.
  by rewrite /G (bigID (meets p b x0 r)) /= ler_addl sumr_ge0 // => i _; apply: cotA_ge0.
set t' := r / _ in s2 quiet.
have tt : t <= t'.
  rewrite /t' ler_pdivl_mulr ?sqrtr_gt0 ?ltr_paddr ?sqr_ge0 ?ltr01 // ler_wpmul2l //.
  by rewrite ler_wsqrtr // ler_add2l ler_pexpn2r ?nnegrE.
have t'0 := le_trans t0 tt.
exists s; split => // [|i ri ai].
  have : sq s + t ^+ 2 <= r ^+ 2.
    by apply: le_trans s2; rewrite ler_add2l ler_pexpn2r ?nnegrE.
  rewrite /r (exprMn _ _ (Num.sqrt _)) sqr_sqrtr ?addr_ge0 ?ler01 ?sqr_ge0 //.
  by rewrite mulrDr mulr1 addrC ler_add2l exprMn.
have := relu_eq0 (quiet i ri ai); rewrite /gap => le; apply: relu_neg; apply: le_trans le.
by rewrite ler_add2r (dotZr t) (dotZr t') (normrM t) (normrM t') (ger0_norm t0) (ger0_norm t'0) ler_wpmul2r.
Qed.
End Plank.

Section Cylinder.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R) (i0 : I).
Notation h := (h c p b a a0).
Notation mass := (mass c p b).

Variables (x0 : 'rV[R]_n) (rho t eps : R) (touches : pred I).
Notation n0 := (nu p i0).
Hypothesis p0 : p i0 != 0.
Hypothesis centre : val p b i0 x0 = 0.
Hypothesis t0 : 0 <= t.
Hypothesis rho0 : 0 <= rho.
Hypothesis small : forall y tau, dot n0 y = 0 -> sq y <= rho ^+ 2 -> `|tau| <= t -> `|h (x0 + y + tau *: n0)| <= eps.
(** Every opposing hyperplane that meets the open cylinder is in [touches]. *)
Hypothesis touched : forall i y tau, opposes c p b i0 i -> dot n0 y = 0 -> sq y <= rho ^+ 2 -> `|tau| < t ->
  val p b i (x0 + y + tau *: n0) = 0 -> touches i.
Hypothesis slanted : forall i, opposes c p b i0 i -> touches i -> sinA (p i) (p i0) != 0.

Theorem theorem_A_cylinder :
  t * (\sum_(i | opposes c p b i0 i && touches i) cotA (p i) (p i0)) <= rho -> `|mass i0| * t <= 4%:R * eps.
Proof.
pose avoid i := (mass i * mass i0 < 0) && touches i.
have [i ri /andP[neg ti]|s [s0 s2 quiet]] := @plank R n I p b i0 x0 avoid t p0 t0.
  by apply: slanted; rewrite // /opposes ri.
have -> : \sum_(i | opposes c p b i0 i && touches i) cotA (p i) (p i0)
    = \sum_(i | isrep p b i && avoid i) cotA (p i) (p i0).
  by apply: eq_bigl => i; rewrite /opposes /avoid andbA.
set G := \sum_(i | _) _ in s2 * => room.
have {}s2 : sq s <= rho ^+ 2.
  have G0 : 0 <= G by apply: sumr_ge0 => i _; apply: cotA_ge0.
  by apply: le_trans s2 _; rewrite ler_pexpn2r ?nnegrE // mulr_ge0.
have centre' : val p b i0 (x0 + s) = 0.
  by rewrite /val dotDr addrAC -/(val p b i0 x0) centre add0r p_nu dotZl s0 mulr0.
have tt : `|t| <= t by rewrite ger0_norm.
rewrite -{1}(gap_along p0 t0 centre'); apply: evaluation => //.
- exact: small.
- by rewrite -scaleNr; apply: small; rewrite // normrN.
- by have := small s0 s2 (_ : `|0| <= t); rewrite scale0r addr0 => -> //; rewrite normr0.
move=> i oi; have [ri neg] : isrep p b i /\ mass i * mass i0 < 0 by case/andP: oi.
have [ti|ti] := boolP (touches i); first by apply: quiet; rewrite // /avoid neg.
have pi : p i != 0 by case/andP: ri.
apply: relu_neg; rewrite subr_le0 leNgt dotZr normrM (ger0_norm t0); apply/negP => cut.
set g := dot (nu p i) n0 in cut; set z := dot (nu p i) (x0 + s) + be p b i in cut.
have gpos : 0 < `|g|.
  by rewrite lt_def normr_ge0 andbT; apply: contraTneq cut => ->; rewrite mulr0 -leNgt.
have g00 : g != 0 by rewrite -normr_gt0.
case/negP: ti; apply: (touched (y := s) (tau := - z / g)) => //.
  by rewrite normrM normrN normfV ltr_pdivr_mulr.
rewrite val_nu // dotDr dotZr -/g divfK // addrAC -/z.
by rewrite subrr mulr0.
Qed.
End Cylinder.
