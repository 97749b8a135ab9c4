(** Theorems C and C2 for sorted lines: what a gap allows, with none, one or two neighbouring lines left out.

    Certifies   the certificate forms of Theorems B (all lines counted), C and C2 at a gap of a strip's lines, from the feet and slopes
                of the nearest ones.
    Does not    choose the gap (CountC.v, CountC2.v).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From TwoLayer Require Import Bang Crease Plane Sorted.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

(** A height that everything lower allows: either the strip is as low, or the width. *)
Section Stretch.
Variable R : rcfType.
Lemma stretch (k m n p t G : R) : 0 < n -> 0 <= p -> 0 < G -> 0 < t ->
  (forall u, 0 < u -> n * u <= t -> p * u <= G -> k * u <= m) -> n * m < k * t -> k * G <= p * m.
Proof.
move=> n0 p0 G0 t0 le tall; have [short|wide] := lerP (p * (t / n)) G.
  have := le (t / n) (divr_gt0 t0 n0); rewrite mulrCA divff ?gt_eqF // mulr1 lexx => /(_ isT short).
  by rewrite leNgt mulrA ltr_pdivl_mulr // mulrC tall.
have pp : 0 < p.
  by rewrite lt_def p0 andbT; apply: contraTneq wide => ->; rewrite mul0r -leNgt ltW.
have fits : n * (G / p) <= t.
  by rewrite mulrA ler_pdivr_mulr // mulrC -ler_pdivl_mulr //; apply: le_trans (ltW wide) _; rewrite mulrC mulrAC.
have exact_fit : p * (G / p) <= G by rewrite mulrCA divff ?gt_eqF // mulr1.
by have := le (G / p) (divr_gt0 G0 pp) fits exact_fit; rewrite mulrA ler_pdivr_mulr // [m * p]mulrC.
Qed.

Lemma relu_le (x y : R) : x <= y -> 0 <= y -> relu x <= y.
Proof. by move=> xy y0; rewrite /relu le_maxl y0. Qed.
Lemma le_same (x y : R) : x = y -> x <= y. Proof. by move->. Qed.
Lemma le_as (x y z u : R) : x <= y -> y - x = u - z -> z <= u.
Proof. by rewrite -subr_ge0 => le e; rewrite -subr_ge0 -e. Qed.

(** What a chord of slope q needs between a line of slope p on its left and one of slope r on its right, by height. *)
Definition bend (p q r : R) : R := relu (p - q) + relu (q - r).
Lemma bend_up p q r v : 0 <= v -> relu ((p - q) * v) + relu ((q - r) * v) = v * bend p q r.
Proof. by move=> v0; rewrite ![_ * v]mulrC !reluM // -mulrDr. Qed.
Lemma bend_down p q r v : 0 <= v -> relu ((p - q) * - v) + relu ((q - r) * - v) = v * bend (- p) (- q) (- r).
Proof.
move=> v0; rewrite -bend_up //; congr (relu _ + relu _); ring.
Qed.
Lemma bend_le p q r y : 0 <= y -> p - q <= y -> q - r <= y -> p - r <= y -> bend p q r <= y.
Proof.
move=> y0 pq qr pr; rewrite /bend {1}/relu addr_maxl le_maxl add0r {1}/relu le_maxl y0 qr /=.
by rewrite /relu addr_maxr le_maxl addr0 pq addrA subrK pr.
Qed.

Variables (gamma p q r : R).
Hypotheses (p1 : `|p| <= gamma) (q1 : `|q| <= gamma) (r1 : `|r| <= gamma).
Let up x : `|x| <= gamma -> x <= gamma. Proof. exact: le_trans (ler_norm _). Qed.
Let down x : `|x| <= gamma -> - x <= gamma. Proof. by rewrite -normrN; exact: up. Qed.

Lemma bend_right : bend p q r <= gamma - Num.min q r.
Proof.
have [mq mr] : Num.min q r <= q /\ Num.min q r <= r by rewrite !le_minl !lexx orbT.
apply: bend_le.
- by rewrite subr_ge0; apply: le_trans mq (up q1).
- exact: ler_sub (up p1) mq.
- exact: ler_sub (up q1) mr.
- exact: ler_sub (up p1) mr.
Qed.
Lemma bend_left : bend p q r <= gamma + Num.max p q.
Proof.
have [pm qm] : p <= Num.max p q /\ q <= Num.max p q by rewrite !le_maxr !lexx orbT.
apply: bend_le; rewrite [gamma + _]addrC.
- by rewrite -ler_subl_addr sub0r; apply: le_trans pm; rewrite ler_oppl down.
- exact: ler_add pm (down q1).
- exact: ler_add qm (down r1).
- exact: ler_add pm (down r1).
Qed.
Lemma bend_any : bend p q r <= 2%:R * gamma.
Proof.
apply: le_trans bend_left _; have -> : 2%:R * gamma = gamma + gamma by ring.
by rewrite ler_add2l le_maxl (up p1) (up q1).
Qed.
Lemma bend_wall : q <= 0 -> bend 0 q r <= gamma.
Proof.
move=> q0; have g0 := le_trans (normr_ge0 _) q1; apply: bend_le => //; rewrite ?sub0r; try exact: down.
by apply: le_trans (down r1); rewrite ger_addr.
Qed.
End Stretch.
Lemma bend_swap (R : rcfType) (p q r : R) : bend p q r = bend (- r) (- q) (- p).
Proof. by rewrite /bend addrC; congr (relu _ + relu _); ring. Qed.

Section Strip.
Variables (R : rcfType) (I : finType) (c o w : I -> R) (kappa a b d rho t eps gamma : R) (P : pred I).
Hypotheses (rho0 : 0 < rho) (t0 : 0 < t) (gamma0 : 0 <= gamma).
(** |h| <= eps on the strip; every line that meets it is in P, and none of P has a larger slope than gamma. *)
Hypothesis small : forall x tau, `|x| <= rho -> `|tau| <= t -> `|strip_h c o w kappa a b d x tau| <= eps.
Hypothesis counted : forall i, c i != 0 -> crosses o w rho t i -> P i.
Hypothesis slopes : forall i, P i -> `|w i| <= gamma.

Let Q i := c i != 0.
Let X := foot o P rho.
Let S := tilt o w P rho.
Notation N := #|P|.
Notation k := `|kappa|.
Let X_le : {homo X : k l / (k <= l)%N >-> k <= l}. Proof. exact: foot_le (ltW rho0). Qed.
Let S_le j : `|S j| <= gamma. Proof. exact: tilt_le. Qed.
Let X0 : X 0 = - rho. Proof. by []. Qed.
Let XN : X N.+1 = rho. Proof. exact: footN. Qed.
Let SN : S N.+1 = 0. Proof. exact: tiltN. Qed.
Let S0 : S 0 = 0. Proof. by []. Qed.
Let out_l i v : Q i -> ~~ P i -> o i < 0 -> `|v| <= t -> o i + w i * v <= - rho.
Proof. by move=> Qi nP *; apply: (outside_left (t := t)) => //; apply: contra nP; exact: counted. Qed.
Let out_r i v : Q i -> ~~ P i -> 0 <= o i -> `|v| <= t -> rho <= o i + w i * v.
Proof. by move=> Qi nP *; apply: (outside_right (t := t)) => //; apply: contra nP; exact: counted. Qed.
Let t0' : `|0 : R| <= t. Proof. by rewrite normr0 ltW. Qed.
Let eps0 : 0 <= eps.
Proof. by apply: le_trans (normr_ge0 _) (small (_ : `|0| <= rho) t0'); rewrite normr0 ltW. Qed.

(** A chord along line j. *)
Lemma fit j i v : P i -> place o P rho i = j -> X j < X j.+2 -> `|v| <= t ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> relu ((S l - S j.+1) * v) + relu ((S j.+1 - S r) * v) <= X r - X l) ->
  fits o w rho t i (left_of o P rho Q j) (right_of o P rho Q j.+1) v.
Proof.
move=> Pi pE wide vt; have -> : S j.+1 = w i by rewrite -pE; exact: tilt_place.
move=> apart; have jN : (j.+1 <= N)%N by rewrite -pE place_lt.
have [] := @gap_apart R I o w P rho (ltW rho0) Q j j.+1 jN wide (fun x => relu ((x - w i) * v)) (fun x => relu ((w i - x) * v)) apart.
- move=> k' Qk nP o0; have e0 := out_l Qk nP o0 t0'; have e1 := out_l Qk nP o0 vt; rewrite mulr0 addr0 in e0.
  rewrite addrC -ler_subr_addr; apply: relu_le; last by rewrite addrAC addr_ge0 ?relu_ge0 // subr_ge0.
  rewrite ler_subr_addr; apply: le_trans (ler_add e1 (le_relu ((0 - w i) * v))); apply: le_same; ring.
- move=> k' Qk nP o0; have e0 := out_r Qk nP o0 t0'; have e1 := out_r Qk nP o0 vt; rewrite mulr0 addr0 in e0.
  have : relu ((w i - w k') * v) <= o k' - rho + relu ((w i - 0) * v).
    apply: relu_le; last by rewrite addr_ge0 ?relu_ge0 // subr_ge0.
    apply: le_as (ler_add e1 (le_relu ((w i - 0) * v))) _; ring.
  by move=> le; apply: le_as le _; move: (relu _) (relu _) => A B; ring.
by move=> h1 h2 h3 h4; split.
Qed.

Lemma chords j u v : (j < N)%N -> X j < X j.+2 -> 0 < u -> u <= t -> 0 < v -> v <= t ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> u * bend (S l) (S j.+1) (S r) <= X r - X l) ->
  (forall l r, (l <= j)%N -> (j.+1 < r <= N.+1)%N -> v * bend (- S l) (- S j.+1) (- S r) <= X r - X l) ->
  k * (u * v) <= 2%:R * eps * (u + v).
Proof.
move=> jN wide u0 ut v0 vt up down; have [i Pi pE] := place_exists o rho jN.
have fu : fits o w rho t i (left_of o P rho Q j) (right_of o P rho Q j.+1) u.
  by apply: (fit Pi pE wide) => [|l r lj rj]; rewrite ?ger0_norm ?bend_up ?up // ltW.
have fv : fits o w rho t i (left_of o P rho Q j) (right_of o P rho Q j.+1) (- v).
  by apply: (fit Pi pE wide) => [|l r lj rj]; rewrite ?normrN ?ger0_norm ?bend_down ?down // ltW.
apply: (theorem_C small _ u0 v0 fu fv) => i' Qi; rewrite /left_of /right_of /Q Qi /=; case: ifP => [Pi'|_]; last by case: (ltP (o i')); rewrite /= orbT.
have [lt|lt|same] := ltngtP (place o P rho i') j; rewrite ?orbT //.
suff -> : i' = i by rewrite eqxx.
by apply: (place_inj Pi' Pi (o := o) (rho := rho)); rewrite same pE.
Qed.

(** Nothing left out. *)
Lemma cell j u : (j <= N)%N -> X j < X j.+1 -> 0 < u -> u <= t ->
  (forall l r, (l <= j)%N -> (j < r <= N.+1)%N -> `|S l - S r| * u <= X r - X l) -> k * u <= 4%:R * eps.
Proof.
move=> jN wide u0 ut apart.
have open v : `|v| = u -> open_at o w rho t (left_of o P rho Q j) (right_of o P rho Q j) v.
  move=> vu; have [] := @gap_apart R I o w P rho (ltW rho0) Q j j jN wide (fun x => x * v) (fun x => - (x * v)).
  - move=> l r lk rk; rewrite -mulrBl; apply: le_trans (ler_norm _) _; rewrite normrM vu; exact: apart.
  - by move=> i Qi nP o0; rewrite mul0r addr0 out_l ?vu.
  - by move=> i Qi nP o0; rewrite mul0r oppr0 subr0 opprK out_r ?vu.
  rewrite mul0r oppr0 subr0 addr0 => h1 h2 h3 h4.
  have r0 : - rho <= rho by rewrite -subr_ge0 opprK addr_ge0 ?ltW.
  have vt : `|v| <= t by rewrite vu.
  by split=> // [i /h2|i k' li rk]; [rewrite opprK|have := h4 i k' li rk; rewrite opprK].
have sides i : c i * kappa < 0 -> left_of o P rho Q j i || right_of o P rho Q j i.
  move=> neg; have Qi : Q i by apply: contraTneq neg => ->; rewrite mul0r ltxx.
  by rewrite /left_of /right_of Qi /=; case: ifP => _; [case: ltnP|case: ltP].
have [ou od] := (open u (gtr0_norm u0), open (- u) (etrans (normrN u) (gtr0_norm u0))).
have none (i : 'I_0) : 0 <= (0 : R) * kappa by rewrite mul0r.
have small0 x tau : `|x| <= rho -> `|tau| <= t ->
    `|strip_h c o w kappa a b d x tau + parallels (fun _ : 'I_0 => 0) (fun _ : 'I_0 => 0) tau| <= eps.
  by move=> xr ts; rewrite /parallels big_ord0 addr0 small.
have := theorem_B sides none small0 u0 u0 ou od.
have -> : 2%:R * eps * (u + u) = 4%:R * eps * u by ring.
by rewrite mulrA ler_pmul2r.
Qed.

(** Two neighbouring lines left out. *)
Lemma pair j u : (j.+1 < N)%N -> X j < X j.+3 -> 0 < u -> u <= t ->
  2%:R * (gamma + `|(S j.+1 + S j.+2) / 2%:R|) * u <= X j.+3 - X j -> k * u <= 4%:R * eps.
Proof.
move=> jN wide u0 ut room; have [i Pi pE] := place_exists o rho (ltnW jN); have [i' Pi' pE'] := place_exists o rho jN.
have wi : S j.+1 = w i by rewrite -pE; exact: tilt_place.
have wi' : S j.+2 = w i' by rewrite -pE'; exact: tilt_place.
rewrite wi wi' in room; set m := (w i + w i') / 2%:R in room.
have u0' := ltW u0.
have most (x : R) : `|x| <= gamma -> reach w i i' u x <= u * (gamma + `|m|).
  move=> xg; rewrite ler_wpmul2l // le_maxl; apply/andP; split; last first.
    by apply: le_trans (ler_norm_sub _ _) _; rewrite ler_add2r.
  rewrite normrM [`|2%:R^-1|]ger0_norm ?invr_ge0 ?ler0n // ler_pdivr_mulr ?ltr0n //; apply: le_trans (ler_norm_sub _ _) _.
  apply: le_trans (ler_add (slopes Pi) (slopes Pi')) _.
  have -> : gamma + gamma = gamma * 2%:R by ring.
  by rewrite ler_wpmul2r ?ler0n // ler_addl.
have far (x y : R) : 0 <= y -> u * x <= y -> - (u * x) <= y -> reach w i i' u x <= y + reach w i i' u 0.
  move=> y0 xy nxy; have zero (e : R) : `|e| <= Num.max `|(w i - w i') / 2%:R| `|0 - m| -> u * `|e| <= reach w i i' u 0.
    by move=> le; rewrite ler_wpmul2l.
  rewrite {1}/reach maxr_pmulr // le_maxl; apply/andP; split.
    have half : `|(w i - w i') / 2%:R| <= Num.max `|(w i - w i') / 2%:R| `|0 - m| by rewrite le_maxr lexx.
    by apply: le_trans (zero _ half) _; rewrite ler_addr.
  have M (e : R) : `|e| = `|m| -> u * e <= reach w i i' u 0.
    move=> em; apply: le_trans (_ : u * `|e| <= _); first by rewrite ler_wpmul2l ?ler_norm.
    by apply: zero; rewrite le_maxr em sub0r normrN lexx orbT.
  rewrite -/m -[u in u * _](ger0_norm u0') -normrM ler_norml; apply/andP; split.
    rewrite ler_oppl; have := ler_add nxy (M m erefl); apply: le_trans; apply: le_same; ring.
  have := ler_add xy (M (- m) (normrN m)); apply: le_trans; apply: le_same; ring.
have [] := @gap_apart R I o w P rho (ltW rho0) Q j j.+2 jN wide (reach w i i' u) (reach w i i' u).
- move=> l r lj /andP[jr rN]; apply: le_trans (ler_add (most _ (S_le l)) (most _ (S_le r))) _.
  apply: le_trans (ler_sub (X_le jr) (X_le lj)); apply: le_trans room; apply: le_same; ring.
- move=> k' Qk nP o0; have e0 := out_l Qk nP o0 t0'; rewrite mulr0 addr0 in e0.
  have e1 v : `|v| = u -> v * w k' <= - rho - o k'.
    by move=> vu; rewrite ler_subr_addr addrC mulrC out_l ?vu.
  rewrite addrC -ler_subr_addr addrAC; apply: far; rewrite ?subr_ge0 ?e1 ?gtr0_norm //.
  by rewrite -mulNr e1 // normrN gtr0_norm.
- move=> k' Qk nP o0; have e0 := out_r Qk nP o0 t0'; rewrite mulr0 addr0 in e0.
  have e1 v : `|v| = u -> - (v * w k') <= o k' - rho.
    by move=> vu; rewrite ler_subr_addr addrC -ler_subr_addr opprK mulrC out_r ?vu.
  have le : reach w i i' u (w k') <= o k' - rho + reach w i i' u 0.
    apply: far; rewrite ?subr_ge0 // ?e1 ?gtr0_norm //.
    by rewrite -[u * _]opprK -mulNr e1 // normrN gtr0_norm.
  by apply: le_as le _; move: (reach _ _ _ _ _) (reach _ _ _ _ 0) => A B; ring.
move=> h1 h2 h3 h4; apply: (theorem_C2 small (ltW u0) ut _ h1 h2 h3 h4) => i2 Qi.
rewrite /left_of /right_of /Q Qi /=; case: ifP => [Pi2|_]; last by case: (ltP (o i2)); rewrite /= !orbT.
have [lt|ge] := ltnP (place o P rho i2) j; first by rewrite !orbT.
have [far_|le] := leqP j.+2 (place o P rho i2); first by rewrite !orbT.
move: le; rewrite ltnS leq_eqVlt => /orP[/eqP same|].
  by rewrite (place_inj Pi2 Pi' (o := o) (rho := rho)) ?eqxx ?orbT // same pE'.
rewrite ltnS => le; have same : place o P rho i2 = j by apply/eqP; rewrite eqn_leq le ge.
by rewrite (place_inj Pi2 Pi (o := o) (rho := rho)) ?eqxx // same pE.
Qed.
End Strip.
