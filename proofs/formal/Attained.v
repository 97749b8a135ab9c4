(** The 4 of Theorem A is attained, in every dimension and for every radius.

    Certifies   h = relu(w . y) - w . y / 2 - |w| r / 4 has |h| <= |w| r / 4 = eps on the ball of radius r around 0, and
                |kappa| r = 4 eps sqrt(1 + Gamma^2): one crease, none opposes.
    Does not    concern the sum of |cot|, which is 0 here, nor the factor N of the sine (Theorems B and C).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Attained.
Variables (R : rcfType) (n : nat) (w : 'rV[R]_n) (r : R).
Definition one_weight (i : 'I_1) : R := 1.
Definition one_normal (i : 'I_1) : 'rV[R]_n := w.
Definition one_bias (i : 'I_1) : R := 0.
Definition quarter : R := norm w * r / 4%:R.
Definition lone : 'rV[R]_n -> R := h one_weight one_normal one_bias (- 2%:R^-1 *: w) (- quarter).

Lemma loneE y : lone y = `|dot w y| / 2%:R - quarter.
Proof.
rewrite /lone /h big_ord_recl big_ord0 /one_weight /one_normal /one_bias /val dotZl mul1r !addr0.
set v := dot w y; have [v0|/ltW v0] := lerP 0 v.
  by rewrite relu_pos // ger0_norm //; field.
by rewrite relu_neg // ler0_norm //; field.
Qed.

Theorem theorem_A_attained : w != 0 -> 0 <= r ->
  [/\ forall y, sq (y - 0) <= r ^+ 2 -> `|lone y| <= quarter, val one_normal one_bias 0 0 = 0,
      0 < `|mass one_weight one_normal one_bias 0|
    & `|mass one_weight one_normal one_bias 0| * r =
      4%:R * quarter * Num.sqrt (1 + Gamma one_weight one_normal one_bias 0 0 r ^+ 2)].
Proof.
move=> w0 r0; have nw : 0 < norm w by rewrite norm_gt0.
have self : same one_normal one_bias 0 0 by apply: same_refl.
have massE : mass one_weight one_normal one_bias 0 = norm w.
  rewrite /mass (bigD1 0) //= big1; last by move=> i; rewrite [i]ord1 eqxx andbF.
  by rewrite addr0 /one_weight mul1r.
have q0 : 0 <= quarter by rewrite /quarter !mulr_ge0 ?invr_ge0 ?ler0n ?(ltW nw).
split.
- move=> y; rewrite subr0 => near; rewrite loneE.
  have ny : norm y <= r by rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // sqr_norm.
  have top : `|dot w y| <= norm w * r by apply: le_trans (CS _ _) _; rewrite ler_wpmul2l ?(ltW nw).
  rewrite ler_norml; apply/andP; split; rewrite -subr_ge0.
    have -> : `|dot w y| / 2%:R - quarter - - quarter = `|dot w y| / 2%:R by ring.
    by rewrite divr_ge0 ?ler0n.
  have -> : quarter - (`|dot w y| / 2%:R - quarter) = (norm w * r - `|dot w y|) / 2%:R by rewrite /quarter; field.
  by rewrite divr_ge0 ?ler0n // subr_ge0.
- by rewrite /val /one_bias dot0r addr0.
- by rewrite massE ger0_norm ?(ltW nw).
have none : Gamma one_weight one_normal one_bias 0 0 r = 0.
  rewrite /Gamma big1 // => i; rewrite /opp /opposes ord1 => /andP[/andP[_ bad] _].
  by move: bad; rewrite massE -expr2 ltNge sqr_ge0.
by rewrite none expr0n addr0 sqrtr1 mulr1 massE ger0_norm ?(ltW nw) // /quarter; field.
Qed.
End Attained.
