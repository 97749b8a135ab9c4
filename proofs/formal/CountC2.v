(** Theorem C2: N creases of any sign hide a crease of the plane at most (12/7)(N + 1) times eps.

    Certifies   that 2 g_(j-1) + 3 g_j + 2 g_(j+1) is at most 24 gamma eps/|kappa| where 6 eps < |kappa| t, from lines j and j + 1 left
                out together and one by one, and so at both ends; the sum.
    Does not    claim that the constant is the best.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From TwoLayer Require Import Bang Crease Plane Sorted Chords CountC.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

(** G is a line's own gaps, T these and its neighbour's: were T + 2G longer, some two heights would fit. *)
Section Window.
Variables (R : rcfType) (k eps t gamma T G p q M : R).
Lemma lt_as (n x y z u : R) : 0 < n -> x < y -> y - x = n * (u - z) -> z < u.
Proof. by move=> n0; rewrite -subr_gt0 => lt e; rewrite -subr_gt0 -(pmulr_rgt0 _ n0) -e. Qed.
Lemma max3 (x y z : R) : [\/ Num.max x (Num.max y z) = x, Num.max x (Num.max y z) = y | Num.max x (Num.max y z) = z].
Proof. by case: (leP y z) => _; case: (leP x) => _; [constructor 3|constructor 1|constructor 2|constructor 1]. Qed.
Hypotheses (eps0 : 0 <= eps) (t0 : 0 < t) (gamma0 : 0 <= gamma) (G0 : 0 < G) (GT : G <= T) (TG : T <= 2%:R * G).
Hypotheses (p0 : 0 <= p) (p2 : p <= 2%:R * gamma) (q0 : 0 <= q) (q2 : q <= 2%:R * gamma) (pq : p + q <= 4%:R * gamma - 2%:R * M).
Hypothesis both : k * T <= 8%:R * (gamma + M) * eps.
Hypothesis tall : 6%:R * eps < k * t.
Hypothesis one : forall x y, 0 < x -> x <= t -> 0 < y -> y <= t -> 2%:R * gamma * x <= T -> 2%:R * gamma * y <= T ->
  p * x <= G -> q * y <= G -> k * (x * y) <= 2%:R * eps * (x + y).

Lemma window : k * (T + 2%:R * G) <= 24%:R * (gamma * eps).
Proof.
rewrite leNgt; apply/negP => long; have T0 := lt_le_trans G0 GT.
pose c := 4%:R * (gamma * eps); have c0 : 0 <= c by rewrite !mulr_ge0 ?ler0n.
have k0 : 0 < k by rewrite -(pmulr_lgt0 _ t0); apply: le_lt_trans tall; rewrite mulr_ge0 ?ler0n.
have ce : c = 2%:R * eps * (2%:R * gamma) by rewrite /c; ring.
have e1 : 3%:R * (2%:R * eps / t) < k.
  by rewrite mulrA ltr_pdivr_mulr //; apply: le_lt_trans tall; apply: le_same; ring.
have e2 : 3%:R * (c / G) < 2%:R * k.
  rewrite mulrA ltr_pdivr_mulr //; apply: (@lt_as 2%:R _ _ _ _ _ (lt_le_trans long (ler_wpmul2l (ltW k0) (ler_add TG (lexx _))))).
    by rewrite ltr0n.
  by rewrite /c; ring.
have e3 : 2%:R * (c / T) < k.
  rewrite mulrA ltr_pdivr_mulr //.
  have le : T + 2%:R * G <= T + 2%:R * T by rewrite ler_add2l ler_wpmul2l ?ler0n.
  apply: (@lt_as 3%:R _ _ _ _ _ (lt_le_trans long (ler_wpmul2l (ltW k0) le))); first by rewrite ltr0n.
  by rewrite /c; ring.
have e4 : c / G + c / T < k.
  have -> : c / G + c / T = c * (T + G) / (G * T) by field; rewrite !gt_eqF.
  rewrite ltr_pdivr_mulr ?mulr_gt0 //.
  have six : (T + G) * (T + 2%:R * G) <= 6%:R * (G * T).
    have : 0 <= (T - G) * (2%:R * G - T) by rewrite mulr_ge0 // subr_ge0.
    by rewrite -subr_ge0 => le; apply: le_as le _; ring.
  have lt : 24%:R * (gamma * eps) * (T + G) < k * (T + 2%:R * G) * (T + G) by rewrite ltr_pmul2r // addr_gt0.
  have le : k * ((T + G) * (T + 2%:R * G)) <= k * (6%:R * (G * T)) by rewrite ler_wpmul2l // ltW.
  have -> : c * (T + G) = (24%:R * (gamma * eps) * (T + G)) / 6%:R by rewrite /c; field.
  rewrite ltr_pdivr_mulr ?ltr0n //; apply: lt_le_trans lt _.
  by apply: le_trans (le_trans _ le) _; apply: le_same; ring.
have e5 : 2%:R * eps * (p / G) + 2%:R * eps * (q / G) < k.
  rewrite !mulrA -mulrDl ltr_pdivr_mulr // -mulrDr; apply: le_lt_trans (ler_wpmul2l _ pq) _; first by rewrite mulr_ge0 ?ler0n.
  have lt := ltr_le_add long (_ : - (8%:R * (gamma + M) * eps) <= - (k * T)); rewrite ler_opp2 in lt.
  by apply: (@lt_as 2%:R _ _ _ _ _ (lt both)); rewrite ?ltr0n //; ring.
pose al := Num.max t^-1 (Num.max (p / G) (2%:R * gamma / T)).
pose be := Num.max t^-1 (Num.max (q / G) (2%:R * gamma / T)).
have it : 0 < t^-1 by rewrite invr_gt0.
have al0 : 0 < al by rewrite lt_maxr it.
have be0 : 0 < be by rewrite lt_maxr it.
have fit (x y z : R) : 0 < x -> 0 < y -> z / y <= x -> z * x^-1 <= y.
  by move=> x0 y0; rewrite !ler_pdivr_mulr // mulrC.
have low (x : R) : 0 < x -> t^-1 <= x -> x^-1 <= t by move=> x0 tx; rewrite -[leRHS]invrK lef_pinv ?posrE.
have [A1 A2 A3] : [/\ t^-1 <= al, p / G <= al & 2%:R * gamma / T <= al] by rewrite !le_maxr !lexx !orbT.
have [B1 B2 B3] : [/\ t^-1 <= be, q / G <= be & 2%:R * gamma / T <= be] by rewrite !le_maxr !lexx !orbT.
have [ia ib] : 0 < al^-1 /\ 0 < be^-1 by rewrite !invr_gt0.
have le := one ia (low _ al0 A1) ib (low _ be0 B1) (fit _ _ _ al0 T0 A3) (fit _ _ _ be0 T0 B3) (fit _ _ _ al0 G0 A2) (fit _ _ _ be0 G0 B2).
have {le} : k <= 2%:R * eps * (al + be).
  rewrite -(ler_pmul2r (_ : 0 < al^-1 * be^-1)) ?mulr_gt0 ?invr_gt0 //; apply: le_trans le _.
  by apply: le_same; field; rewrite !gt_eqF.
apply/negP; rewrite -ltNge mulrDr.
have e0 : 0 <= 2%:R * eps by rewrite mulr_ge0 ?ler0n.
have [cG cT] : 0 <= c / G /\ 0 <= c / T by rewrite !divr_ge0 ?(ltW G0) ?(ltW T0).
have a1 : 0 <= 2%:R * eps / t by rewrite divr_ge0 ?(ltW t0).
have over y : 0 <= y -> y <= 2%:R * gamma -> 2%:R * eps * (y / G) <= c / G.
  by move=> y0 y2; rewrite mulrA ler_wpmul2r ?invr_ge0 ?(ltW G0) // ce ler_wpmul2l.
have [pG qG] := (over p p0 p2, over q q0 q2).
have s1 : 2%:R * eps / t + 2%:R * eps / t < k.
  by apply: le_lt_trans e1; apply: (le_as a1); ring.
have s2 : 2%:R * eps / t + c / G < k.
  by apply: (@lt_as 3%:R _ _ _ _ _ (ltr_add e1 e2)); rewrite ?ltr0n //; ring.
have s3 : 2%:R * eps / t + c / T < k.
  have h1 : 2%:R * (3%:R * (2%:R * eps / t)) < 2%:R * k by rewrite ltr_pmul2l ?ltr0n.
  have h2 : 3%:R * (2%:R * (c / T)) < 3%:R * k by rewrite ltr_pmul2l ?ltr0n.
  by apply: (@lt_as 6%:R _ _ _ _ _ (ltr_add (ltr_add h1 h2) k0)); rewrite ?ltr0n //; ring.
have cTE : 2%:R * eps * (2%:R * gamma / T) = c / T by rewrite mulrA -ce.
have swap (x y : R) : x + y < k -> y + x < k by rewrite addrC.
rewrite /al /be; have [->|->|->] := max3 t^-1 (p / G) (2%:R * gamma / T); have [->|->|->] := max3 t^-1 (q / G) (2%:R * gamma / T);
  rewrite ?cTE //.
- by apply: le_lt_trans s2; rewrite ler_add2l.
- by apply: swap; apply: le_lt_trans s2; rewrite ler_add2l.
- by apply: le_lt_trans e4; rewrite ler_add2r.
- exact: swap.
- by apply: swap; apply: le_lt_trans e4; rewrite ler_add2r.
- by apply: le_lt_trans e3; apply: le_same; ring.
Qed.
End Window.

Lemma next_line j r : (j.+1 < r)%N -> r = j.+2 \/ (j.+2 < r)%N. Proof. lia. Qed.
Lemma previous_line j l : (l <= j.+1)%N -> l = j.+1 \/ (l <= j)%N. Proof. lia. Qed.
Lemma previous_window m N : (m.+1 < N)%N -> (m < N)%N. Proof. lia. Qed.
Lemma last_line N : (0 < N)%N -> N = N.-1.+1. Proof. lia. Qed.

(** Feet X and slopes S of N lines, walls included, and what holds of their gaps: one line left out, two neighbours left out, none. *)
Section Feet.
Variables (R : rcfType) (X S : nat -> R) (N : nat) (k eps t gamma : R).
Hypothesis X_le : {homo X : i j / (i <= j)%N >-> i <= j}.
Hypothesis S_le : forall j, `|S j| <= gamma.
Hypotheses (S0 : S 0%N = 0) (SN : S N.+1 = 0) (gamma0 : 0 <= gamma) (eps0 : 0 <= eps) (t0 : 0 < t) (k0 : 0 <= k).
Hypothesis chords : forall j u v, (j < N)%N -> X j < X j.+2 -> 0 < u -> u <= t -> 0 < v -> v <= t ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> u * bend (S l) (S j.+1) (S r) <= X r - X l) ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> v * bend (- S l) (- S j.+1) (- S r) <= X r - X l) ->
  k * (u * v) <= 2%:R * eps * (u + v).
Hypothesis cell : forall j u, (j <= N)%N -> X j < X j.+1 -> 0 < u -> u <= t ->
  (forall l r, (l <= j)%N -> (j < r <= N.+1)%N -> `|S l - S r| * u <= X r - X l) -> k * u <= 4%:R * eps.
Hypothesis pair : forall j u, (j.+1 < N)%N -> X j < X j.+3 -> 0 < u -> u <= t ->
  2%:R * (gamma + `|(S j.+1 + S j.+2) / 2%:R|) * u <= X j.+3 - X j -> k * u <= 4%:R * eps.
Hypothesis tall : 6%:R * eps < k * t.

Let S_leN j : `|- S j| <= gamma. Proof. by rewrite normrN. Qed.
Let wider j j' l r : (l <= j)%N -> (j' <= r)%N -> X j' - X j <= X r - X l.
Proof. by move=> lj jr; apply: ler_sub; exact: X_le. Qed.

(** Three gaps in a row: the two lines between them left out by turns, and together. *)
Section Neighbours.
Variables (j : nat) (jN : (j.+1 < N)%N).
Let T := X j.+3 - X j.
Let M := `|(S j.+1 + S j.+2) / 2%:R|.
Let p := gamma - Num.min (S j.+1) (S j.+2).
Let q := gamma + Num.max (S j.+1) (S j.+2).

Let wide_enough (y u : R) (l r : nat) : 0 < u -> y <= 2%:R * gamma -> 2%:R * gamma * u <= T -> (l <= j)%N -> (j.+2 < r)%N -> u * y <= X r - X l.
Proof.
move=> u0 y2 uT lj jr; apply: le_trans (wider lj jr); apply: le_trans uT.
by rewrite mulrC ler_wpmul2r // ltW.
Qed.
Let near_enough (y z u G : R) : 0 < u -> y <= z -> z * u <= G -> u * y <= G.
Proof. by move=> u0 yz; apply: le_trans; rewrite mulrC ler_wpmul2r // ltW. Qed.

Lemma first_out (x y : R) : X j < X j.+2 -> 0 < x -> x <= t -> 0 < y -> y <= t -> 2%:R * gamma * x <= T -> 2%:R * gamma * y <= T ->
  p * x <= X j.+2 - X j -> q * y <= X j.+2 - X j -> k * (x * y) <= 2%:R * eps * (x + y).
Proof.
move=> wide x0 xt y0 yt xT yT xG yG; apply: (chords (ltnW jN) wide x0 xt y0 yt) => l r lj /andP[/next_line[->|jr] _].
- apply: le_trans (wider lj (leqnn _)); apply: near_enough xG => //; exact: bend_right.
- by apply: wide_enough => //; apply: bend_any.
- apply: le_trans (wider lj (leqnn _)); apply: near_enough yG => //; rewrite /q.
  by apply: le_trans (bend_right _ _ _) _ => //; rewrite -oppr_max opprK.
- by apply: wide_enough => //; apply: bend_any.
Qed.
Lemma second_out (x y : R) : X j.+1 < X j.+3 -> 0 < x -> x <= t -> 0 < y -> y <= t -> 2%:R * gamma * x <= T -> 2%:R * gamma * y <= T ->
  p * x <= X j.+3 - X j.+1 -> q * y <= X j.+3 - X j.+1 -> k * (x * y) <= 2%:R * eps * (x + y).
Proof.
move=> wide x0 xt y0 yt xT yT xG yG; rewrite [x * y]mulrC [x + y]addrC.
apply: (chords jN wide y0 yt x0 xt) => l r /previous_line[->|lj] /andP[jr _].
- apply: le_trans (wider (leqnn _) jr); apply: near_enough yG => //; exact: bend_left.
- by apply: wide_enough => //; apply: bend_any.
- apply: le_trans (wider (leqnn _) jr); apply: near_enough xG => //; rewrite /p.
  by apply: le_trans (bend_left _ _ _) _ => //; rewrite -oppr_min.
- by apply: wide_enough => //; apply: bend_any.
Qed.

Lemma both_out : k * T <= 8%:R * (gamma + M) * eps.
Proof.
have M0 : 0 <= gamma + M by apply: addr_ge0 => //; exact: normr_ge0.
have : X j <= X j.+3 by apply: X_le; rewrite !leqW.
rewrite le_eqVlt => /orP[/eqP same|wide]; first by rewrite /T same subrr mulr0 !mulr_ge0 ?ler0n.
have -> : 8%:R * (gamma + M) * eps = 2%:R * (gamma + M) * (4%:R * eps) by ring.
apply: (@stretch R k (4%:R * eps) 1 _ t); rewrite ?ltr01 ?mulr_ge0 ?ler0n // ?subr_gt0 //.
  by move=> u u0; rewrite mul1r => ut; apply: pair.
by rewrite mul1r; apply: le_lt_trans tall; rewrite ler_wpmul2r // ler_nat.
Qed.

Let within x : `|x| <= gamma -> - gamma <= x /\ x <= gamma. Proof. by rewrite ler_norml => /andP. Qed.
Lemma heights : [/\ 0 <= p, p <= 2%:R * gamma, 0 <= q, q <= 2%:R * gamma & p + q <= 4%:R * gamma - 2%:R * M].
Proof.
have [u1 u2] := within (S_le j.+1); have [v1 v2] := within (S_le j.+2).
have twice : 2%:R * gamma = gamma + gamma by ring.
rewrite /p /q /M twice normrM [`|2%:R^-1|]ger0_norm ?invr_ge0 ?ler0n //.
have -> x : 2%:R * (x / 2%:R) = x :> R by field.
split.
- by rewrite subr_ge0 le_minl u2.
- by rewrite ler_add2l ler_oppl le_minr u1.
- by rewrite -ler_subl_addl sub0r le_maxr u1.
- by rewrite ler_add2l le_maxl u2.
rewrite ler_subr_addr; case: (lerP (S j.+1) (S j.+2)) => uv; case: (lerP 0 (S j.+1 + S j.+2)) => w0;
  rewrite ?(ger0_norm w0) ?(ltr0_norm w0).
- by apply: le_as (ler_add v2 v2) _; ring.
- by apply: le_as (ler_add u1 u1) _; ring.
- by apply: le_as (ler_add u2 u2) _; ring.
- by apply: le_as (ler_add v1 v1) _; ring.
Qed.

Lemma longer_gaps G : 0 <= G -> G <= T -> T <= 2%:R * G ->
  (0 < G -> forall x y, 0 < x -> x <= t -> 0 < y -> y <= t -> 2%:R * gamma * x <= T -> 2%:R * gamma * y <= T ->
    p * x <= G -> q * y <= G -> k * (x * y) <= 2%:R * eps * (x + y)) -> k * (T + 2%:R * G) <= 24%:R * (gamma * eps).
Proof.
rewrite le_eqVlt => /orP[/eqP <-|G0] GT TG one; have [p0 p2 q0 q2 pq] := heights; last first.
  exact: (window eps0 t0 gamma0 G0 GT TG p0 p2 q0 q2 pq both_out tall (one G0)).
have -> : T = 0 by apply/eqP; rewrite eq_le GT andbT; move: TG; rewrite mulr0.
by rewrite mulr0 addr0 mulr0 !mulr_ge0 ?ler0n.
Qed.

Lemma three_gaps : k * (T + (X j.+2 - X j) + (X j.+3 - X j.+1)) <= 24%:R * (gamma * eps).
Proof.
have [x01 x12 x23] : [/\ X j <= X j.+1, X j.+1 <= X j.+2 & X j.+2 <= X j.+3] by split; apply: X_le.
have sum : T <= (X j.+2 - X j) + (X j.+3 - X j.+1) by apply: le_as x12 _; rewrite /T; ring.
have two (x : R) : 2%:R * x = x + x by ring.
have [le|/ltW le] := lerP (X j.+3 - X j.+1) (X j.+2 - X j).
  apply: le_trans (longer_gaps (G := X j.+2 - X j) _ _ _ _).
  - by rewrite -addrA ler_wpmul2l // ler_add2l two ler_add2l.
  - by rewrite subr_ge0 (le_trans x01).
  - by rewrite ler_add2r.
  - by rewrite two (le_trans sum) // ler_add2l.
  - by rewrite subr_gt0 => wide x y; apply: first_out.
apply: le_trans (longer_gaps (G := X j.+3 - X j.+1) _ _ _ _).
- by rewrite -addrA ler_wpmul2l // ler_add2l two ler_add2r.
- by rewrite subr_ge0 (le_trans x12).
- by rewrite /T ler_add2l ler_opp2.
- by rewrite two (le_trans sum) // ler_add2r.
- by rewrite subr_gt0 => wide x y; apply: second_out.
Qed.
End Neighbours.

Let level m := 2%:R * X m + 3%:R * X m.+1 + 2%:R * X m.+2.
Lemma climb_windows m : (m < N)%N -> k * (level m - 7%:R * X 0) <= 24%:R * (m.+1)%:R * (gamma * eps).
Proof.
elim: m => [N0|m IH mN].
  have first2 := first_gaps X_le S_le S0 gamma0 eps0 t0 chords tall N0.
  have first1 := first_gap X_le S_le S0 gamma0 eps0 t0 cell tall.
  have two0 (n : nat) (x y : R) : x <= y -> n%:R * x <= n%:R * y by move=> xy; rewrite ler_wpmul2l ?ler0n.
  by apply: le_as (ler_add (two0 2%N _ _ first2) (two0 3%N _ _ first1)) _; rewrite /level; ring.
apply: le_as (ler_add (IH (previous_window mN)) (three_gaps mN)) _.
by rewrite /level -[m.+2]addn1 natrD; ring.
Qed.
Lemma count2 : (0 < N)%N -> 7%:R * (k * (X N.+1 - X 0)) <= 24%:R * N.+1%:R * (gamma * eps).
Proof.
move=> N0; have NE := last_line N0.
have last2 := last_gaps X_le S_le SN gamma0 eps0 t0 chords tall N0.
have last1 := last_gap X_le S_le SN gamma0 eps0 t0 cell tall.
have two0 (n : nat) (x y : R) : x <= y -> n%:R * x <= n%:R * y by move=> xy; rewrite ler_wpmul2l ?ler0n.
have := climb_windows (_ : N.-1 < N)%N; rewrite -NE => /(_ (leqnn _)) low.
apply: le_as (ler_add low (ler_add (two0 2%N _ _ last2) (two0 3%N _ _ last1))) _.
rewrite /level -NE -[N.+1]addn1 natrD; ring.
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

Theorem theorem_C2_count : (0 < #|P|)%N ->
  `|kappa| * rho <= Num.max (12%:R / 7%:R * #|P|.+1%:R * (gamma * eps)) (6%:R * eps * rho / t).
Proof.
move=> N0; rewrite le_maxr; have [tall|low] := ltrP (6%:R * eps) (`|kappa| * t); apply/orP; [left|right]; last first.
  by rewrite ler_pdivl_mulr // mulrAC ler_wpmul2r // ltW.
have := @count2 R (foot o P rho) (tilt o w P rho) #|P| `|kappa| eps t gamma (foot_le o P (ltW rho0)) _ _ (tiltN o w P rho).
move=> /(_ (fun j => tilt_le o rho j gamma0 slopes) erefl gamma0 eps0 t0 (normr_ge0 _)).
move=> /(_ (chords rho0 t0 small counted) (cell rho0 small counted) (pair rho0 t0 gamma0 small counted slopes) tall N0).
rewrite footN foot0 opprK => le; rewrite -(ler_pmul2l (_ : 0 < 14%:R)) ?ltr0n //.
by apply: le_as le _; field.
Qed.
End Strip.
