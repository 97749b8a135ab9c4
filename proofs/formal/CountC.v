(** Theorem C: N creases of any sign hide a crease of the plane at most 2N times eps (2N + 1 for even N).

    Certifies   what a strip of height t allows where 6 eps < |kappa| t: two gaps at most 8 gamma eps/|kappa| in all, 6 next to a wall,
                the last one 4; so |kappa| rho <= C gamma eps.
    Does not    claim that C is the best constant (Theorem C2 is better from N = 6 on).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From TwoLayer Require Import Bang Crease Plane Sorted Chords.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

(** Natural numbers: which lines are walls, and how many pairs of gaps N lines have. *)
Lemma only_wall N r : (0 < N)%N -> (N.-1.+1 < r <= N.+1)%N -> r = N.+1. Proof. lia. Qed.
Lemma only_wall_r N r : (N < r <= N.+1)%N -> r = N.+1. Proof. lia. Qed.
Lemma one_pair_more m N : (2 * m.+1 < N)%N -> (2 * m < N)%N /\ (2 * m.+1 = (2 * m).+2)%N. Proof. lia. Qed.
Lemma number_of_pairs N : (2 <= N)%N -> exists M, [/\ (2 * M.-1 < N)%N, ((2 * M.-1).+2 = 2 * M)%N,
  (2 * M = if odd N then N.-1 else N)%N & (4 * N + 2 * ~~ odd N = 8 * M.-1 + 6 + if odd N then 6 else 4)%N].
Proof.
move=> N2; exists N./2; have : (0 < N./2)%N by rewrite half_gt0.
by have := odd_double_half N; rewrite -mul2n; case: (odd N) => /= e M0; split; lia.
Qed.

(** Feet X and slopes S of N lines, walls included, and what Chords.v says of them. *)
Section Feet.
Variables (R : rcfType) (X S : nat -> R) (N : nat) (k eps t gamma : R).
Hypothesis X_le : {homo X : i j / (i <= j)%N >-> i <= j}.
Hypothesis S_le : forall j, `|S j| <= gamma.
Hypotheses (S0 : S 0%N = 0) (SN : S N.+1 = 0) (gamma0 : 0 <= gamma) (eps0 : 0 <= eps) (t0 : 0 < t).
Hypothesis chords : forall j u v, (j < N)%N -> X j < X j.+2 -> 0 < u -> u <= t -> 0 < v -> v <= t ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> u * bend (S l) (S j.+1) (S r) <= X r - X l) ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> v * bend (- S l) (- S j.+1) (- S r) <= X r - X l) ->
  k * (u * v) <= 2%:R * eps * (u + v).
Hypothesis cell : forall j u, (j <= N)%N -> X j < X j.+1 -> 0 < u -> u <= t ->
  (forall l r, (l <= j)%N -> (j < r <= N.+1)%N -> `|S l - S r| * u <= X r - X l) -> k * u <= 4%:R * eps.
Hypothesis tall : 6%:R * eps < k * t.

Let S_leN j : `|- S j| <= gamma. Proof. by rewrite normrN. Qed.
Let wider j j' l r : (l <= j)%N -> (j' <= r)%N -> X j' - X j <= X r - X l.
Proof. by move=> lj jr; apply: ler_sub; exact: X_le. Qed.
Let tall4 : 1 * (4%:R * eps) < k * t.
Proof. by rewrite mul1r; apply: le_lt_trans tall; rewrite ler_wpmul2r // ler_nat. Qed.
Let tall3 : 2%:R * (3%:R * eps) < k * t.
Proof. by rewrite mulrA -natrM. Qed.
Let two : 0 <= 2%:R * gamma. Proof. by rewrite mulr_ge0 ?ler0n. Qed.
Let flat i j m : (i <= j)%N -> 0 <= m -> (X i < X j -> k * (X j - X i) <= m) -> k * (X j - X i) <= m.
Proof. by move=> ij m0 le; have := X_le ij; rewrite le_eqVlt => /orP[/eqP->|/le//]; rewrite subrr mulr0. Qed.
Let ge0 n : 0 <= n%:R * (gamma * eps). Proof. by rewrite !mulr_ge0 ?ler0n. Qed.
Let cancel u v n : 0 < u -> k * (u * v) <= u * n -> k * v <= n.
Proof. by move=> u0; rewrite mulrCA ler_pmul2l. Qed.

Lemma inner_gap j : (j < N)%N -> k * (X j.+2 - X j) <= 8%:R * (gamma * eps).
Proof.
move=> jN; apply: flat => // [|wide]; first by rewrite ltnW // ltnW.
have -> : 8%:R * (gamma * eps) = 2%:R * gamma * (4%:R * eps) by ring.
have G0 : 0 < X j.+2 - X j by rewrite subr_gt0.
apply: (stretch ltr01 two G0 t0 _ tall4) => u u0; rewrite mul1r => ut room; apply: (cancel u0).
have -> : u * (4%:R * eps) = 2%:R * eps * (u + u) by ring.
apply: (chords jN wide u0 ut u0 ut) => l r lj /andP[jr _]; apply: le_trans (wider lj jr); apply: le_trans room;
  by rewrite mulrC ler_wpmul2r ?(ltW u0) // bend_any.
Qed.

(** Next to a wall one of the two chords needs half as much, by height. *)
Let near j (l r : nat) := (l <= j)%N && (j.+1 < r <= N.+1)%N.
Lemma wall_gaps j : (j < N)%N -> (forall l r, near j l r -> bend (S l) (S j.+1) (S r) <= gamma)
    \/ (forall l r, near j l r -> bend (- S l) (- S j.+1) (- S r) <= gamma) -> k * (X j.+2 - X j) <= 6%:R * (gamma * eps).
Proof.
move=> jN easy; apply: flat => // [|wide]; first by rewrite ltnW // ltnW.
have -> : 6%:R * (gamma * eps) = 2%:R * gamma * (3%:R * eps) by ring.
have G0 : 0 < X j.+2 - X j by rewrite subr_gt0.
apply: (stretch (ltr0Sn R 1) two G0 t0 _ tall3) => u u0 ut room.
have u20 : 0 < 2%:R * u by rewrite mulr_gt0 ?ltr0n.
have ut1 : u <= t by apply: le_trans ut; rewrite ler_pemull ?ler1n // ltW.
have few y l r : near j l r -> y <= gamma -> 2%:R * u * y <= X r - X l.
  case/and3P=> lj jr _ yg; apply: le_trans (wider lj jr); apply: le_trans room.
  by rewrite mulrAC ler_wpmul2r ?(ltW u0) // ler_wpmul2l ?ler0n.
have many y l r : near j l r -> y <= 2%:R * gamma -> u * y <= X r - X l.
  by case/and3P=> lj jr _ yg; apply: le_trans (wider lj jr); apply: le_trans room; rewrite mulrC ler_wpmul2r ?(ltW u0).
have nearE l r : (l <= j)%N -> (j.+1 < r <= N.+1)%N -> near j l r by rewrite /near => -> ->.
apply: (cancel u20); case: easy => easy.
  have -> : 2%:R * u * (3%:R * eps) = 2%:R * eps * (2%:R * u + u) by ring.
  by apply: (chords jN wide u20 ut u0 ut1) => l r lj /(nearE _ _ lj) n; [apply: few; rewrite ?easy|apply: many; rewrite ?bend_any].
have -> : 2%:R * u * (3%:R * eps) = 2%:R * eps * (u + 2%:R * u) by ring.
rewrite [2%:R * u * u]mulrC.
by apply: (chords jN wide u0 ut1 u20 ut) => l r lj /(nearE _ _ lj) n; [apply: many; rewrite ?bend_any|apply: few; rewrite ?easy].
Qed.
Lemma first_gaps : (0 < N)%N -> k * (X 2 - X 0) <= 6%:R * (gamma * eps).
Proof.
move=> N0; apply: wall_gaps => //; have [s0|/ltW s0] := lerP (S 1) 0; [left|right] => l r /andP[];
  rewrite leqn0 => /eqP-> _; rewrite S0 ?oppr0 bend_wall ?oppr_le0 //.
Qed.
Lemma last_gaps : (0 < N)%N -> k * (X N.+1 - X N.-1) <= 6%:R * (gamma * eps).
Proof.
move=> N0; have -> : N.+1 = N.-1.+2 by rewrite prednK.
apply: wall_gaps; first by rewrite prednK.
have [s0|/ltW s0] := lerP (S N.-1.+1) 0; [right|left] => l r /andP[_ /(only_wall N0) ->]; rewrite SN ?oppr0 bend_swap ?opprK oppr0;
  by rewrite bend_wall ?oppr_le0.
Qed.
Lemma first_gap : k * (X 1 - X 0) <= 4%:R * (gamma * eps).
Proof.
apply: flat => // wide; have G0 : 0 < X 1 - X 0 by rewrite subr_gt0.
have -> : 4%:R * (gamma * eps) = gamma * (4%:R * eps) by ring.
apply: (stretch ltr01 gamma0 G0 t0 _ tall4) => u u0; rewrite mul1r => ut room.
apply: (cell (leq0n N) wide u0 ut) => l r; rewrite leqn0 => /eqP-> /andP[r0 _]; rewrite S0 sub0r.
by apply: le_trans (wider (leqnn 0) r0); apply: le_trans room; rewrite ler_wpmul2r ?(ltW u0).
Qed.
Lemma last_gap : k * (X N.+1 - X N) <= 4%:R * (gamma * eps).
Proof.
apply: flat => // wide; have G0 : 0 < X N.+1 - X N by rewrite subr_gt0.
have -> : 4%:R * (gamma * eps) = gamma * (4%:R * eps) by ring.
apply: (stretch ltr01 gamma0 G0 t0 _ tall4) => u u0; rewrite mul1r => ut room.
apply: (cell (leqnn N) wide u0 ut) => l r lN /only_wall_r->; rewrite SN subr0.
by apply: le_trans (wider lN (leqnn _)); apply: le_trans room; rewrite ler_wpmul2r ?(ltW u0).
Qed.

(** The pairs of gaps 2m, 2m + 1 cover the strip. *)
Lemma climb m : (2 * m < N)%N -> k * (X (2 * m).+2 - X 0) <= (8 * m + 6)%:R * (gamma * eps).
Proof.
elim: m => [N0|m IH mN]; first by rewrite muln0 add0n first_gaps.
have [m1 m2] := one_pair_more mN.
rewrite m2 in mN *; apply: le_as (ler_add (IH m1) (inner_gap mN)) _.
by rewrite !natrD !natrM -[m.+1]addn1 natrD; ring.
Qed.
Lemma count : (2 <= N)%N -> k * (X N.+1 - X 0) <= (4 * N + 2 * ~~ odd N)%:R * (gamma * eps).
Proof.
case/number_of_pairs=> M [m1 two_m last ->]; have low := climb m1; rewrite two_m last in low.
have : k * (X N.+1 - X (if odd N then N.-1 else N)) <= (if odd N then 6 else 4)%N%:R * (gamma * eps).
  by case: odd; [apply: last_gaps; apply: leq_ltn_trans m1|exact: last_gap].
by move=> high; apply: le_as (ler_add low high) _; rewrite natrD; ring.
Qed.
End Feet.

(** N lines of a strip, of any sign. *)
Section Strip.
Variables (R : rcfType) (I : finType) (c o w : I -> R) (kappa a b d rho t eps gamma : R) (P : pred I).
Hypotheses (rho0 : 0 < rho) (t0 : 0 < t) (gamma0 : 0 <= gamma).
Hypothesis small : forall x tau, `|x| <= rho -> `|tau| <= t -> `|strip_h c o w kappa a b d x tau| <= eps.
Hypothesis counted : forall i, c i != 0 -> crosses o w rho t i -> P i.
Hypothesis slopes : forall i, P i -> `|w i| <= gamma.
Let eps0 : 0 <= eps.
Proof. by apply: le_trans (normr_ge0 _) (small (_ : `|0| <= rho) (_ : `|0| <= t)); rewrite normr0 ltW. Qed.

Lemma count_tall : (2 <= #|P|)%N -> 6%:R * eps < `|kappa| * t ->
  `|kappa| * rho <= (2 * #|P| + ~~ odd #|P|)%:R * (gamma * eps).
Proof.
move=> N2 tall.
have := @count R (foot o P rho) (tilt o w P rho) #|P| `|kappa| eps t gamma (foot_le o P (ltW rho0)) _ _ (tiltN o w P rho).
move=> /(_ (fun j => tilt_le o rho j gamma0 slopes) erefl gamma0 eps0 t0).
move=> /(_ (chords rho0 t0 small counted) (cell rho0 small counted) tall N2).
rewrite footN foot0 opprK.
have -> : (4 * #|P| + 2 * ~~ odd #|P| = 2 * (2 * #|P| + ~~ odd #|P|))%N by lia.
rewrite natrM; have -> : rho + rho = 2%:R * rho by ring.
by rewrite mulrCA -mulrA ler_pmul2l ?ltr0n.
Qed.

Theorem theorem_C_count : (2 <= #|P|)%N -> 3%:R * rho <= #|P|%:R * gamma * t ->
  `|kappa| * rho <= (2 * #|P| + ~~ odd #|P|)%:R * (gamma * eps).
Proof.
move=> N2 high; have [tall|low] := ltrP (6%:R * eps) (`|kappa| * t); first exact: count_tall.
have n0 : 0 <= #|P|%:R * gamma by rewrite mulr_ge0 ?ler0n.
have : `|kappa| * (3%:R * rho) <= #|P|%:R * gamma * (6%:R * eps).
  by apply: le_trans (ler_wpmul2l (normr_ge0 kappa) high) _; rewrite mulrCA ler_wpmul2l.
have -> : #|P|%:R * gamma * (6%:R * eps) = 3%:R * ((2 * #|P|)%:R * (gamma * eps)) by rewrite natrM; ring.
rewrite mulrCA ler_pmul2l ?ltr0n // => le; apply: le_trans le _.
by rewrite ler_wpmul2r ?mulr_ge0 // ler_nat leq_addr.
Qed.
End Strip.
