(** Theorem A with position: one opposing crease is at a small angle AND near the centre.

    Certifies   for every height t <= r with |kappa| t > 4 eps: one of the N opposing hyperplanes that meet the ball has both
                sin theta sqrt(r^2 - t^2) <= N t cos theta and distance from the centre at most (N + 1) t cos theta.
    Does not    take the limit t = 4 eps/|kappa|. Opposing hyperplanes parallel to H are not excluded.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Cylinder Cluster.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Position.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R).
Variables (i0 : I) (x0 : 'rV[R]_n) (r eps : R).
Notation mass := (mass c p b).
Notation Opp := (opp c p b i0 x0 r).
Hypothesis p0 : p i0 != 0.
Hypothesis centre : val p b i0 x0 = 0.
Hypothesis small : forall y, sq (y - x0) <= r ^+ 2 -> `|h c p b a a0 y| <= eps.

Theorem theorem_A_position t : t <= r -> 4%:R * eps < `|mass i0| * t -> exists i, let N := #|Opp|%:R in
  [/\ Opp i, sinA (p i) (p i0) * Num.sqrt (r ^+ 2 - t ^+ 2) <= N * t * cosA (p i) (p i0)
    & away p b x0 i <= (N + 1) * t * cosA (p i) (p i0)].
Proof.
move=> tr big; set N : R := #|Opp|%:R; set w := Num.sqrt _.
have N0 : 0 <= N by apply: ler0n.
have eps0 : 0 <= 4%:R * eps by rewrite mulr_ge0 ?ler0n ?(eps_ge0 small).
have t0 : 0 < t.
  have [//|le] := ltrP 0 t; have := lt_le_trans (le_lt_trans eps0 big) (mulr_ge0_le0 (normr_ge0 (mass i0)) le).
  by rewrite ltxx.
have r0 : 0 <= r := le_trans (ltW t0) tr.
have w2 : w ^+ 2 = r ^+ 2 - t ^+ 2.
  by rewrite sqr_sqrtr // subr_ge0 ler_pexpn2r ?nnegrE ?(ltW t0) // (le_trans (ltW t0)).
have w0 : 0 <= w by apply: sqrtr_ge0.
pose C i := cosA (p i) (p i0); pose S i := sinA (p i) (p i0).
have [i /and3P[oi si ai]|none] := pickP (fun i => [&& Opp i, S i * w <= N * t * C i & away p b x0 i <= (N + 1) * t * C i]).
  by exists i.
exfalso; move: big; apply/negP; rewrite -leNgt.
pose avoid i := [&& mass i * mass i0 < 0, meets p b x0 r i & N * t * C i < S i * w].
have NtC i : 0 <= N * t * C i by apply: mulr_ge0 (cosA_ge0 _ _); apply: mulr_ge0 (ltW t0).
have steep i : avoid i -> 0 < S i.
  move=> /and3P[_ _ lt]; rewrite lt_def sinA_ge0 andbT; apply: contraTneq lt => ->.
  by rewrite mul0r -leNgt NtC.
have [i _ /steep Si|s [s0 s2 quiet]] := @plank R n I p b i0 x0 avoid t p0 (ltW t0); first by rewrite gt_eqF.
set G := \sum_(i | _) _ in s2.
have G0 : 0 <= G by apply: sumr_ge0 => i _; apply: cotA_ge0.
have tG : t * G <= w.
  have le : N * (t * G) <= N * w.
    have -> : N * w = \sum_(i | Opp i) w by rewrite sumr_const mulr_natl.
    rewrite /G !mulr_sumr big_mkcond [leRHS]big_mkcond /=; apply: ler_sum => i _.
    case: ifP => [/andP[ri ai]|_]; last by case: ifP.
    have /and3P[neg mi lt] := ai; rewrite /opp /opposes ri neg mi /=.
    have -> : N * (t * cotA (p i) (p i0)) = N * t * C i / S i by rewrite !mulrA.
    by rewrite ler_pdivr_mulr ?steep // [w * _]mulrC ltW.
  have [Nz|Np] := eqVneq N 0; last by move: le; rewrite ler_pmul2l // lt_def Np.
  rewrite /G big_pred0 ?mulr0 // => i; apply/negP => /andP[ri /and3P[neg mi _]].
  have : (0 < #|Opp|)%N by apply/card_gt0P; exists i; rewrite unfold_in /opp /opposes ri neg mi.
  by rewrite -(@ltr0n R) -/N Nz ltxx.
have ns : norm s <= w.
  apply: le_trans tG; rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 ?mulr_ge0 ?(ltW t0) //.
  by rewrite sqr_norm.
have s2' : sq s + t ^+ 2 <= r ^+ 2.
  by rewrite -ler_subr_addr -w2 -sqr_norm ler_pexpn2r ?nnegrE ?norm_ge0.
have n01 : sq (nu p i0) = 1 by apply: sq_nu.
have [up down middle] := three_points n01 s0 s2' small.
have centre' : val p b i0 (x0 + s) = 0.
  by rewrite /val dotDr addrAC -/(val p b i0 x0) centre add0r p_nu dotZl s0 mulr0.
rewrite -{1}(gap_along p0 (ltW t0) centre'); apply: (evaluation (a := a) (a0 := a0)) => // i oi.
have /andP[ri neg] := oi; have pi : p i != 0 by case/andP: ri.
have awayE : away p b x0 i = `|dot (nu p i) x0 + be p b i|.
  by rewrite /away val_nu // normrM (ger0_norm (norm_ge0 _)) mulrAC divff ?mul1r // norm_eq0.
have cut : `|t * dot (nu p i) (nu p i0)| <= `|dot (nu p i) x0 + be p b i + dot (nu p i) s| -> gap p b i (x0 + s) (t *: nu p i0) = 0.
  by move=> le; rewrite /gap relu_neg // subr_le0 dotZr dotDr addrAC.
have [mi|far] := boolP (meets p b x0 r i); last first.
  apply: cut; apply: (@beyond _ _ _ _ r); last 1 first.
  - rewrite -awayE /away ler_pdivl_mulr ?norm_gt0 // leNgt; exact: far.
  - have -> : dot (nu p i) s + t * dot (nu p i) (nu p i0) = dot (nu p i) (s + t *: nu p i0) by rewrite dotDr (dotZr t).
    apply: le_trans (CS _ _) _; rewrite {1}/norm sq_nu // sqrtr1 mul1r.
    rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 ?r0 // sqr_norm.
    by rewrite sqDZ s0 mulr0 addr0 n01 mulr1.
  - have -> : dot (nu p i) s - t * dot (nu p i) (nu p i0) = dot (nu p i) (s + (- t) *: nu p i0).
      by rewrite dotDr (dotZr (- t)) mulNr.
    apply: le_trans (CS _ _) _; rewrite {1}/norm sq_nu // sqrtr1 mul1r.
    rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 ?r0 // sqr_norm.
    by rewrite sqDZ s0 mulr0 addr0 n01 mulr1 sqrrN.
have [lt|le] := ltrP (N * t * C i) (S i * w); first by apply: quiet; rewrite // /avoid neg mi.
have away_far : (N + 1) * t * C i < away p b x0 i.
  by have := none i; rewrite /opp oi mi le /= => /negbT; rewrite -ltNge.
apply: cut; rewrite normrM (gtr0_norm t0) -cosA_nu.
have seen : `|dot (nu p i) s| <= N * t * C i.
  apply: le_trans (dot_tangent pi p0 s0) (le_trans _ le).
  by rewrite ler_wpmul2l ?sinA_ge0.
rewrite -(ler_add2r (N * t * C i)).
have -> : t * C i + N * t * C i = (N + 1) * t * C i by ring.
apply: le_trans (ltW away_far) _; rewrite awayE.
rewrite -{1}[dot (nu p i) x0 + be p b i](addrK (dot (nu p i) s)).
by apply: le_trans (ler_norm_sub _ _) (ler_add (lexx _) seen).
Qed.
End Position.
