(** Theorem B: N opposing creases hide a crease of the plane at most 8N/3 times eps.

    Certifies   2 eps (max(1/t, N gamma/rho) + max(1/t, N gamma/(3 rho))) for N opposing lines of slope at most gamma in a strip.
    Does not    count creases of the same sign, parallel to H or not.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From TwoLayer Require Import Bang Crease Plane Gaps Sorted Mirror.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

(** N opposing lines of a strip. *)
Section Strip.
Variables (R : rcfType) (I J : finType) (c o w : I -> R) (q s : J -> R) (kappa a b d rho t eps gamma : R) (P : pred I).
Hypotheses (rho0 : 0 < rho) (t0 : 0 < t) (gamma0 : 0 <= gamma).
(** |h| <= eps on the strip; every opposing line that meets it is in P, and none of P has a larger slope than gamma. Creases
    parallel to H are of its sign. *)
Hypothesis small : forall x tau, `|x| <= rho -> `|tau| <= t ->
  `|strip_h c o w kappa a b d x tau + parallels q s tau| <= eps.
Hypothesis same_sign : forall j, 0 <= q j * kappa.
Hypothesis counted : forall i, c i * kappa < 0 -> crosses o w rho t i -> P i.
Hypothesis slopes : forall i, P i -> `|w i| <= gamma.

Let Q i := c i * kappa < 0.
Let X := foot o P rho.
Let S := tilt o w P rho.
Let N := #|P|.
Let X_le : {homo X : k l / (k <= l)%N >-> k <= l}. Proof. exact: foot_le (ltW rho0). Qed.

Lemma strip_open k v : (k <= N)%N -> X k < X k.+1 -> `|v| <= t ->
  (forall l r, (l <= k)%N -> (k < r <= N.+1)%N -> (S l - S r) * v <= X r - X l) ->
  open_at o w rho t (left_of o P rho Q k) (right_of o P rho Q k) v.
Proof.
move=> kN wide vt apart.
have [] := @gap_apart R I o w P rho (ltW rho0) Q k k kN wide (fun x => x * v) (fun x => - (x * v)).
- by move=> l r lk rk; rewrite -mulrBl; apply: apart.
- by move=> i Qi nP o0; rewrite mul0r addr0 (outside_left (t := t)) //; apply: contra nP; apply: counted.
- by move=> i Qi nP o0; rewrite mul0r oppr0 subr0 opprK (outside_right (t := t)) //; apply: contra nP; apply: counted.
rewrite mul0r oppr0 subr0 addr0 => h1 h2 h3 h4.
by split=> // [i /h2|i k' li rk]; [rewrite opprK|have := h4 i k' li rk; rewrite opprK].
Qed.

Theorem theorem_B_count : `|kappa| <= 2%:R * eps * (Num.max t^-1 (N%:R * gamma / rho) + Num.max t^-1 (N%:R * gamma / (3%:R * rho))).
Proof.
have opposing k i : c i * kappa < 0 -> left_of o P rho Q k i || right_of o P rho Q k i.
  by move=> Qi; rewrite /left_of /right_of /Q Qi /=; case: ifP => _; [case: ltnP|case: ltP].
have eps0 : 0 <= eps.
  have z a' : 0 < a' -> `|0 : R| <= a' by rewrite normr0 => /ltW.
  exact: le_trans (normr_ge0 _) (small (z _ rho0) (z _ t0)).
have cell k al be : (k <= N)%N -> X k < X k.+1 -> t^-1 <= al -> t^-1 <= be ->
    (forall l r, (l <= k)%N -> (k < r <= N.+1)%N -> S l - S r <= al * (X r - X l)) ->
    (forall l r, (l <= k)%N -> (k < r <= N.+1)%N -> S r - S l <= be * (X r - X l)) -> `|kappa| <= 2%:R * eps * (al + be).
  move=> kN wide ta tb up down; have it0 : 0 < t^-1 by rewrite invr_gt0.
  have [al0 be0] := (lt_le_trans it0 ta, lt_le_trans it0 tb).
  have inv x : t^-1 <= x -> 0 < x -> `|x^-1| <= t.
    by move=> tx x0; rewrite ger0_norm ?invr_ge0 ?(ltW x0) // -[leRHS]invrK lef_pinv ?posrE.
  have h1 : open_at o w rho t (left_of o P rho Q k) (right_of o P rho Q k) al^-1.
    by apply: strip_open => // [|l r lk rk]; [exact: inv|rewrite ler_pdivr_mulr // [leRHS]mulrC up].
  have h2 : open_at o w rho t (left_of o P rho Q k) (right_of o P rho Q k) (- be^-1).
    apply: strip_open => // [|l r lk rk]; first by rewrite normrN inv.
    by rewrite mulrN -mulNr opprB ler_pdivr_mulr // [leRHS]mulrC down.
  have [ia0 ib0] : 0 < al^-1 /\ 0 < be^-1 by rewrite !invr_gt0.
  have le := theorem_B (opposing k) same_sign small ia0 ib0 h1 h2.
  have ab0 : 0 < al * be by rewrite mulr_gt0.
  rewrite -(ler_pmul2r (_ : 0 < al^-1 * be^-1)) ?mulr_gt0 ?invr_gt0 //; apply: le_trans le _.
  by rewrite le_eqVlt; apply/orP; left; apply/eqP; field; rewrite !gt_eqF.
have [N0|N0] := posnP N.
  have X1 : X 1 = rho by rewrite /X -[in LHS]N0; apply: footN.
  have S1 : S 1 = 0 by rewrite /S -[in LHS]N0; apply: tiltN.
  have rr : 0 <= rho - - rho by rewrite opprK addr_ge0 ?ltW.
  apply: (cell 0%N) => // [|||l r|l r]; rewrite ?le_maxr ?lexx //.
  - by rewrite X1 (_ : X 0 = - rho) // -subr_gt0 opprK addr_gt0.
  - rewrite leqn0 N0 => /eqP-> /andP[r0 r1]; have -> : r = 1%N by lia.
    by rewrite S1 X1 subr0 mulr_ge0 // le_maxr invr_ge0 (ltW t0).
  - rewrite leqn0 N0 => /eqP-> /andP[r0 r1]; have -> : r = 1%N by lia.
    by rewrite S1 X1 subr0 mulr_ge0 // le_maxr invr_ge0 (ltW t0).
have X0 : X 0 = - rho by []. have XN : X N.+1 = rho by exact: footN.
have S0 : S 0 = 0 by []. have SN : S N.+1 = 0 by exact: tiltN.
pose mu := 2%:R * rho / N%:R; have n0 : 0 < N%:R :> R by rewrite ltr0n.
have mu0 : 0 < mu by rewrite divr_gt0 ?mulr_gt0 ?ltr0n.
pose e := mgap X N rho; pose K := 2%:R * gamma; have K0 : 0 <= K by rewrite mulr_ge0 ?ler0n.
have e0 k : (k <= N)%N -> 0 <= e k by apply: mgap_ge0.
have total : \sum_(k < N) (e k + e k.+1) = (2 * N)%:R * mu by exact: mgap_total.
have [k [kN ek0 cost_k]] := @gaps R e N mu N0 total mu0 e0 t^-1 K K0.
have nb0 : 0 <= neighbours e N k by exact: neighbours_ge0.
have it0 : 0 <= t^-1 by rewrite invr_ge0 ltW.
have steep (p : 'I_(3 * N)) : `|mirrored_slope S N p| <= gamma.
  by rewrite /mirrored_slope; case: ifP => _; [|case: ifP => _]; rewrite ?normrN; apply: tilt_le.
have more : e k <= e k + neighbours e N k by rewrite ler_addl.
have [al [be [ta tb up down sum]]] := pairs it0 ek0 more gamma0 steep
  (mirror_apart X_le X0 XN N0 kN) (mirror_apart2 X_le X0 XN N0 kN).
have [al0 be0] := (le_trans it0 ta, le_trans it0 tb).
have wide : X k < X k.+1.
  by rewrite -subr_gt0 -(pmulr_rgt0 _ (ltr0Sn R 1)) (lt_le_trans ek0) // mgap_le.
have open1 : forall l r, (l <= k)%N -> (k < r <= N.+1)%N -> S l - S r <= al * (X r - X l).
  move=> l r lk rk; rewrite -[leLHS]mul1r; move: l r lk rk; apply: mirror_open => // i l Li Rl; rewrite mul1r; exact: up.
have open2 : forall l r, (l <= k)%N -> (k < r <= N.+1)%N -> S r - S l <= be * (X r - X l).
  move=> l r lk rk; rewrite -opprB -mulN1r; move: l r lk rk; apply: mirror_open => // i l Li Rl.
  by rewrite mulN1r opprB; exact: down.
apply: le_trans (cell k al be kN wide ta tb open1 open2) _.
rewrite ler_wpmul2l ?mulr_ge0 ?ler0n //; apply: le_trans sum (le_trans cost_k _).
rewrite /cost le_eqVlt; apply/orP; left; apply/eqP; congr (Num.max _ _ + Num.max _ _); rewrite /K /mu; field; rewrite ?gt_eqF //.
Qed.
End Strip.
