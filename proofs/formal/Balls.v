(** Theorems B, C and C2 in a disc of the plane, and their sines.

    Certifies   |kappa| r <= 2 eps (1 + 1/s) sqrt(N^2 gamma^2 + s^2), 1 <= s <= 3, for N opposing hyperplanes that meet a disc of radius r
                centred on H, cotangents at most gamma; C eps sqrt(N^2 gamma^2 + 9)/N for N of any sign; the sines.
    Does not    say anything in more dimensions (each plane through the normal is one of these).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Plane Sorted CountB CountC CountC2 Chords Disc.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Ball.
Variables (R : rcfType) (I : finType) (c : I -> R) (p : I -> 'rV[R]_2) (b : I -> R) (a : 'rV[R]_2) (a0 : R) (i0 : I).
Variables (x0 : 'rV[R]_2) (r eps gamma : R).
Hypotheses (p0 : p i0 != 0) (on_H : val p b i0 x0 = 0) (r0 : 0 <= r) (gamma0 : 0 <= gamma).
Hypothesis small : forall y, sq (y - x0) <= r ^+ 2 -> `|h c p b a a0 y| <= eps.
Notation mass := (mass c p b). Notation k := `|mass i0|. Notation opposing := (opp c p b i0 x0 r).

Let eps0 : 0 <= eps.
Proof. by apply: le_trans (normr_ge0 _) (small (_ : sq (x0 - x0) <= r ^+ 2)); rewrite subrr /sq dot0l sqr_ge0. Qed.

Section Cylinder.
Variables (rho t : R).
Hypotheses (rho0 : 0 < rho) (t0 : 0 < t) (inside : rho ^+ 2 + t ^+ 2 <= r ^+ 2).
Let t_r : t <= r.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?(ltW t0) //; apply: le_trans inside; rewrite ler_addr; exact: sqr_ge0.
Qed.
Lemma small_strip x tau : `|x| <= rho -> `|tau| <= t -> `|h c p b a a0 (at_ p i0 x0 x tau)| <= eps.
Proof.
move=> xr ts; apply: small; rewrite far_AB //; apply: le_trans inside; apply: ler_add.
  by rewrite -[x ^+ 2]real_normK ?num_real // ler_pexpn2r ?nnegrE ?(ltW rho0).
by rewrite -[tau ^+ 2]real_normK ?num_real // ler_pexpn2r ?nnegrE ?(ltW t0).
Qed.
Lemma missing j : p j != 0 -> dot (nu p j) (along p i0) = 0 -> ~~ meets p b x0 r j -> t <= `|level_of p b i0 x0 j|.
Proof.
move=> pj Aj; rewrite /meets -leNgt val_nu // normrM (ger0_norm (norm_ge0 _)) [r * _]mulrC ler_pmul2l ?norm_gt0 // => far.
have Bn : `|dot (nu p j) (nu p i0)| = 1.
  apply/eqP; rewrite -(@eqr_expn2 _ 2) ?normr_ge0 // expr1n real_normK ?num_real //.
  by rewrite -(unit_AB p0 pj) Aj expr0n add0r.
by rewrite /level_of normrN normrM Bn mul1r (le_trans t_r).
Qed.

Lemma strip_B : (forall i, opposing i -> sinA (p i) (p i0) != 0 /\ cotA (p i) (p i0) <= gamma) ->
  k <= 2%:R * eps * (Num.max t^-1 (#|opposing|%:R * gamma / rho) + Num.max t^-1 (#|opposing|%:R * gamma / (3%:R * rho))).
Proof.
move=> steep; pose K j := 0 <= mass j * mass i0.
have dropped j : [&& isrep p b j, dot (nu p j) (along p i0) == 0 & ~~ same p b i0 j] -> ~~ K j -> mass j != 0 ->
    t <= `|level_of p b i0 x0 j|.
  case/and3P=> rj /eqP Aj _; rewrite /K -ltNge => neg _; have pj : p j != 0 by case/andP: rj.
  apply: missing => //; apply/negP => mj; have [] := steep j; first by rewrite /opp /opposes rj neg mj.
  by rewrite sinA_A // Aj normr0 eqxx.
have [u [v [w e]]] := disc_strip a a0 p0 on_H dropped.
apply: (theorem_B_count (P := opposing) rho0 t0 gamma0 (a := u) (b := v) (d := w) (c := line_mass c p b i0)
  (o := offset p b i0 x0) (w := tilt_of p i0) (q := parallel_mass c p b i0 K) (s := level_of p b i0 x0)).
- by move=> x tau xr ts; rewrite -e // small_strip.
- by move=> j; rewrite /parallel_mass; case: ifP => [/andP[]|_]; rewrite ?mul0r.
- move=> i; rewrite /line_mass; case: ifP => [/andP[ri Ai]|_]; last by rewrite mul0r ltxx.
  rewrite mulrAC pmulr_llt0 ?normr_gt0 // => neg cross; rewrite /opp /opposes ri neg /=.
  have pi : p i != 0 by case/andP: ri.
  exact: (crossing_meets p0 pi Ai (ltW t0) rho0 r0 inside cross).
- move=> i oi; have pi : p i != 0 by case/andP: oi => /andP[/andP[]].
  by rewrite tilt_cot //; case: (steep i oi).
Qed.
End Cylinder.

Theorem theorem_B_ball (s : R) : (forall i, opposing i -> sinA (p i) (p i0) != 0 /\ cotA (p i) (p i0) <= gamma) -> 1 <= s -> s <= 3%:R ->
  k * r <= 2%:R * eps * (1 + s^-1) * Num.sqrt ((#|opposing|%:R * gamma) ^+ 2 + s ^+ 2).
Proof.
move=> steep s1 s3; set M := #|opposing|%:R * gamma; set D := Num.sqrt _.
have s0 : 0 < s by apply: lt_le_trans s1; exact: ltr01.
have M0 : 0 <= M by rewrite mulr_ge0 ?ler0n.
have D2 : D ^+ 2 = M ^+ 2 + s ^+ 2 by rewrite sqr_sqrtr // addr_ge0 ?sqr_ge0.
have D0 : 0 < D by rewrite sqrtr_gt0 ltr_paddl ?sqr_ge0 // exprn_gt0.
have f0 : 0 <= 2%:R * eps * (1 + s^-1) by rewrite !mulr_ge0 ?ler0n // addr_ge0 ?ler01 // invr_ge0 ltW.
move: r0; rewrite le_eqVlt => /orP[/eqP<-|rpos]; first by rewrite mulr0 mulr_ge0 // ltW.
move: M0; rewrite le_eqVlt => /orP[/eqP M0|M0].
  have G0 : Gamma c p b i0 x0 r = 0.
    apply/eqP; rewrite eq_le sumr_ge0 ?andbT => [|i _]; last exact: cotA_ge0.
    apply: le_trans (ler_sum _ (fun i oi => (steep i oi).2)) _.
    by rewrite sumr_const -mulr_natl M0.
  have flat i : opposing i -> sinA (p i) (p i0) != 0 by move=> oi; case: (steep i oi).
  have := theorem_A p0 on_H r0 small flat; rewrite G0 expr0n addr0 sqrtr1 mulr1 => le; apply: le_trans le _.
  have -> : D = s by rewrite /D -M0 expr0n add0r sqrtr_sqr gtr0_norm.
  have -> : 2%:R * eps * (1 + s^-1) * s = 2%:R * eps * (s + 1) by field; rewrite gt_eqF.
  have -> : 4%:R * eps = 2%:R * eps * (1 + 1) by ring.
  by rewrite ler_wpmul2l ?mulr_ge0 ?ler0n // ler_add2r.
have ME : M = #|opposing|%:R * gamma by [].
clearbody D M.
have rho0 : 0 < r * M / D by rewrite divr_gt0 // mulr_gt0.
have t0 : 0 < r * s / D by rewrite divr_gt0 // mulr_gt0.
have inside : (r * M / D) ^+ 2 + (r * s / D) ^+ 2 <= r ^+ 2.
  have -> : (r * M / D) ^+ 2 + (r * s / D) ^+ 2 = r ^+ 2 * (M ^+ 2 + s ^+ 2) / D ^+ 2 by field; rewrite gt_eqF.
  by rewrite -D2 mulfK // expf_neq0 // gt_eqF.
apply: le_trans (ler_wpmul2r (ltW rpos) (strip_B rho0 t0 inside steep)) _; rewrite -ME.
have -> : (r * s / D)^-1 = D / r / s by field; rewrite !gt_eqF.
have -> : M / (r * M / D) = D / r by field; rewrite !gt_eqF.
have -> : M / (3%:R * (r * M / D)) = D / r / 3%:R by field; rewrite !gt_eqF.
have Dr : 0 < D / r by rewrite divr_gt0.
have -> : Num.max (D / r / s) (D / r) = D / r by apply/max_idPr; rewrite ler_pdivr_mulr // ler_pemulr // ltW.
have -> : Num.max (D / r / s) (D / r / 3%:R) = D / r / s.
  by apply/max_idPl; rewrite ler_pmul2l // lef_pinv ?posrE ?ltr0n.
by apply: le_same; field; rewrite !gt_eqF.
Qed.

(** All other hyperplanes that meet the disc, of either sign. *)
Definition others i : bool := [&& isrep p b i, mass i != 0, ~~ same p b i0 i & meets p b x0 r i].
Lemma opposing_others i : opposing i -> others i.
Proof.
case/andP=> /andP[ri neg] mi; rewrite /others ri mi andbT /=; apply/andP; split.
  by apply: contraTneq neg => ->; rewrite mul0r ltxx.
by apply: contraTN neg => /(same_mass c) <-; rewrite -leNgt -expr2 sqr_ge0.
Qed.

Section Steep.
Hypothesis steep : forall i, others i -> sinA (p i) (p i0) != 0 /\ cotA (p i) (p i0) <= gamma.
Lemma all_steep : gamma = 0 -> k * r <= 4%:R * eps.
Proof.
move=> g0; have G0 : Gamma c p b i0 x0 r = 0.
  apply: big1 => i /opposing_others oi; apply/eqP; rewrite eq_le cotA_ge0 andbT -g0; exact: (steep oi).2.
have flat i : opposing i -> sinA (p i) (p i0) != 0 by move=> /opposing_others oi; case: (steep oi).
by have := theorem_A p0 on_H r0 small flat; rewrite G0 expr0n addr0 sqrtr1 mulr1.
Qed.

Lemma strip_all rho t : 0 < rho -> 0 < t -> rho ^+ 2 + t ^+ 2 <= r ^+ 2 -> exists u v w,
  [/\ forall x tau, `|x| <= rho -> `|tau| <= t ->
        `|strip_h (line_mass c p b i0) (offset p b i0 x0) (tilt_of p i0) (mass i0) u v w x tau| <= eps,
      forall i, line_mass c p b i0 i != 0 -> crosses (offset p b i0 x0) (tilt_of p i0) rho t i -> others i
    & forall i, others i -> `|tilt_of p i0 i| <= gamma].
Proof.
move=> rho0 t0 inside.
have dropped j : [&& isrep p b j, dot (nu p j) (along p i0) == 0 & ~~ same p b i0 j] -> ~~ false -> mass j != 0 ->
    t <= `|level_of p b i0 x0 j|.
  case/and3P=> rj /eqP Aj sj _ mj; have pj : p j != 0 by case/andP: rj.
  apply: (missing t0 inside) => //; apply/negP => met; have [] := @steep j; first by rewrite /others rj mj sj met.
  by rewrite sinA_A // Aj normr0 eqxx.
have [u [v [w e]]] := @disc_strip R I c p b a a0 i0 x0 p0 on_H t pred0 dropped.
exists u, v, w; split.
- move=> x tau xr ts; have := small_strip rho0 t0 inside xr ts; rewrite e //.
  rewrite [parallels _ _ _]big1 ?addr0 // => j _; rewrite /parallel_mass andbF mul0r //.
- move=> i; rewrite /line_mass; case: ifP => [/andP[ri Ai]|_]; last by rewrite eqxx.
  rewrite mulf_eq0 negb_or => /andP[mi _] cross; have pi : p i != 0 by case/andP: ri.
  rewrite /others ri mi (crossing_meets p0 pi Ai (ltW t0) rho0 r0 inside cross) andbT /=.
  by apply: contraNN Ai => /same_A ->.
- move=> i oi; have pi : p i != 0 by case/and4P: oi => /andP[].
  by rewrite tilt_cot //; case: (steep oi).
Qed.

Lemma fit_disc (M s : R) : 0 < M -> 0 < s -> 0 < r -> let D := Num.sqrt (M ^+ 2 + s ^+ 2) in
  [/\ 0 < D, 0 < r * M / D, 0 < r * s / D & (r * M / D) ^+ 2 + (r * s / D) ^+ 2 <= r ^+ 2].
Proof.
move=> M0 s0 rpos D; have D2 : D ^+ 2 = M ^+ 2 + s ^+ 2 by rewrite sqr_sqrtr // addr_ge0 ?sqr_ge0.
have D0 : 0 < D by rewrite sqrtr_gt0 ltr_paddl ?sqr_ge0 // exprn_gt0.
clearbody D; split; rewrite ?divr_gt0 ?mulr_gt0 //.
have -> : (r * M / D) ^+ 2 + (r * s / D) ^+ 2 = r ^+ 2 * (M ^+ 2 + s ^+ 2) / D ^+ 2 by field; rewrite gt_eqF.
by rewrite -D2 mulfK // expf_neq0 // gt_eqF.
Qed.

Theorem theorem_C_ball : (3 <= #|others|)%N ->
  k * r <= (2 * #|others| + ~~ odd #|others|)%:R * eps * (Num.sqrt ((#|others|%:R * gamma) ^+ 2 + 3%:R ^+ 2) / #|others|%:R).
Proof.
move=> N3; have n0 : 0 < #|others|%:R :> R by rewrite ltr0n (leq_trans _ N3).
set C := (_ + _)%:R; have CN : 2%:R * #|others|%:R <= C :> R by rewrite -natrM ler_nat leq_addr.
have C0 : 0 <= C * eps by rewrite mulr_ge0 ?ler0n.
move: r0; rewrite le_eqVlt => /orP[/eqP<-|rpos]; first by rewrite mulr0 mulr_ge0 // divr_ge0 ?sqrtr_ge0 ?ler0n.
move: gamma0; rewrite le_eqVlt => /orP[/eqP g0|gpos].
  apply: le_trans (all_steep (esym g0)) _; rewrite -g0 mulr0 expr0n add0r sqrtr_sqr ger0_norm ?ler0n //.
  rewrite mulrA ler_pdivl_mulr //.
  have := ler_wpmul2r eps0 CN; move: (C * eps) C0 => y C0 le.
  have le3 : 3%:R * (2%:R * #|others|%:R * eps) <= 3%:R * y by rewrite ler_wpmul2l ?ler0n.
  apply: le_trans (_ : 3%:R * (2%:R * #|others|%:R * eps) <= _); last by rewrite mulrC [y * _]mulrC in le3 *.
  have e0 : 0 <= 2%:R * eps * #|others|%:R by rewrite !mulr_ge0 ?ler0n.
  by apply: le_as e0 _; ring.
have [D0 rho0 t0 inside] := fit_disc (mulr_gt0 n0 gpos) (ltr0Sn R 2) rpos.
have [u [v [w [sm cnt slo]]]] := strip_all rho0 t0 inside.
have high : 3%:R * (r * (#|others|%:R * gamma) / Num.sqrt ((#|others|%:R * gamma) ^+ 2 + 3%:R ^+ 2))
    <= #|others|%:R * gamma * (r * 3%:R / Num.sqrt ((#|others|%:R * gamma) ^+ 2 + 3%:R ^+ 2)) by apply: le_same; ring.
have := theorem_C_count rho0 t0 gamma0 sm cnt slo (ltnW N3) high; rewrite -/C.
move: (Num.sqrt _) D0 => D D0 le; move: (#|others|%:R) n0 le => n n0 le.
rewrite -(ler_pmul2r (_ : 0 < n * gamma / D)) ?divr_gt0 ?mulr_gt0 //.
apply: le_trans (le_trans (le_same _) le) (le_same _); first by ring.
by field; rewrite !gt_eqF.
Qed.

Theorem theorem_C2_ball : (0 < #|others|)%N ->
  k * r <= 12%:R / 7%:R * eps * Num.sqrt ((#|others|.+1%:R * gamma) ^+ 2 + (7%:R / 2%:R) ^+ 2).
Proof.
move=> N0; have n0 : 0 < #|others|.+1%:R :> R by rewrite ltr0n.
have s0 : 0 < 7%:R / 2%:R :> R by rewrite divr_gt0 ?ltr0n.
have C0 : 0 <= 12%:R / 7%:R * eps by rewrite mulr_ge0 ?divr_ge0 ?ler0n.
move: r0; rewrite le_eqVlt => /orP[/eqP<-|rpos]; first by rewrite mulr0 mulr_ge0 // sqrtr_ge0.
move: gamma0; rewrite le_eqVlt => /orP[/eqP g0|gpos].
  apply: le_trans (all_steep (esym g0)) _; rewrite -g0 mulr0 expr0n add0r sqrtr_sqr ger0_norm ?(ltW s0) //.
  by apply: (@le_as _ 0 (2%:R * eps)); [rewrite mulr_ge0 ?ler0n|field].
have [D0 rho0 t0 inside] := fit_disc (mulr_gt0 n0 gpos) s0 rpos.
have [u [v [w [sm cnt slo]]]] := strip_all rho0 t0 inside.
have := theorem_C2_count rho0 t0 gamma0 sm cnt slo N0.
move: (Num.sqrt _) D0 => D D0; move: (#|others|.+1%:R) n0 => n n0.
have -> : 6%:R * eps * (r * (n * gamma) / D) / (r * (7%:R / 2%:R) / D) = 12%:R / 7%:R * n * (gamma * eps).
  by field; rewrite !gt_eqF.
rewrite maxxx => le; rewrite -(ler_pmul2r (_ : 0 < n * gamma / D)) ?divr_gt0 ?mulr_gt0 //.
apply: le_trans (le_trans (le_same _) le) (le_same _); first by ring.
by field; rewrite !gt_eqF.
Qed.
End Steep.

(** The sine: a least angle has the largest cotangent. *)
Lemma least_angle (Q : pred I) : (exists i, Q i) -> exists2 i, Q i & forall j, Q j -> cotA (p j) (p i0) <= cotA (p i) (p i0).
Proof. by case=> i Qi; case: (@arg_maxP _ _ _ i Q (fun j => cotA (p j) (p i0)) Qi) => j Qj most; exists j. Qed.
Lemma sine_root (i : I) (n s : R) : 0 <= s -> s <= n -> sinA (p i) (p i0) != 0 ->
  sinA (p i) (p i0) * Num.sqrt ((n * cotA (p i) (p i0)) ^+ 2 + s ^+ 2) <= n.
Proof.
move=> s0 sn si; have n0 := le_trans s0 sn; set y := cotA _ _.
have yS : (sinA (p i) (p i0) * y) ^+ 2 = 1 - sinA (p i) (p i0) ^+ 2.
  by rewrite sqr_sinA /y /cotA mulrC divfK // opprB addrC subrK.
have S0 : 0 <= sinA (p i) (p i0) by exact: sinA_ge0.
move: (sinA _ _) S0 yS => S S0 yS.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?sqrtr_ge0 // exprMn sqr_sqrtr; last by rewrite addr_ge0 ?sqr_ge0.
have -> : S ^+ 2 * ((n * y) ^+ 2 + s ^+ 2) = n ^+ 2 * (S * y) ^+ 2 + S ^+ 2 * s ^+ 2 by ring.
have : s ^+ 2 <= n ^+ 2 by rewrite ler_pexpn2r.
rewrite -subr_ge0 => le; rewrite yS -subr_ge0.
have -> : n ^+ 2 - (n ^+ 2 * (1 - S ^+ 2) + S ^+ 2 * s ^+ 2) = S ^+ 2 * (n ^+ 2 - s ^+ 2) by ring.
by rewrite mulr_ge0 ?sqr_ge0.
Qed.
End Ball.

(** The sines; where a hyperplane is parallel to H its own is 0. *)
Section Sines.
Variables (R : rcfType) (I : finType) (c : I -> R) (p : I -> 'rV[R]_2) (b : I -> R) (a : 'rV[R]_2) (a0 : R) (i0 : I).
Variables (x0 : 'rV[R]_2) (r eps : R).
Hypotheses (p0 : p i0 != 0) (on_H : val p b i0 x0 = 0) (r0 : 0 <= r).
Hypothesis small : forall y, sq (y - x0) <= r ^+ 2 -> `|h c p b a a0 y| <= eps.
Notation opposing := (opp c p b i0 x0 r). Notation others := (others c p b i0 x0 r).
Notation sine i := (sinA (p i) (p i0)).
Let eps0 : 0 <= eps.
Proof. by apply: le_trans (normr_ge0 _) (small (_ : sq (x0 - x0) <= r ^+ 2)); rewrite subrr /sq dot0l sqr_ge0. Qed.

Lemma steepest (Q : pred I) : (exists i, Q i) -> (exists2 i, Q i & sine i = 0)
  \/ exists2 i, Q i & sine i != 0 /\ forall j, Q j -> sinA (p j) (p i0) != 0 /\ cotA (p j) (p i0) <= cotA (p i) (p i0).
Proof.
move=> some; have [[i /andP[Qi /eqP si]]|none] := altP (@existsP _ (fun i => Q i && (sine i == 0))); first by left; exists i.
have flat j : Q j -> sine j != 0 by move=> Qj; apply: contra none => sj; apply/existsP; exists j; rewrite Qj.
have [i Qi most] := least_angle p i0 some; right; exists i => //; split; first exact: flat.
by move=> j Qj; split; [exact: flat|exact: most].
Qed.

(** s = 1, 2 and 3 give 4, 6 and 8N/3. *)
Theorem theorem_B_sine : (exists i, opposing i) -> exists2 i, opposing i & forall s : R, 1 <= s -> s <= 3%:R -> s <= #|opposing|%:R ->
  sinA (p i) (p i0) * (`|mass c p b i0| * r) <= 2%:R * eps * (1 + s^-1) * #|opposing|%:R.
Proof.
case/steepest=> [[i oi si]|[i oi [si most]]]; exists i => // s s1 s3 sN; have s0 : 0 < s by apply: lt_le_trans s1; exact: ltr01.
  by rewrite si mul0r !mulr_ge0 ?ler0n // addr_ge0 ?ler01 // invr_ge0 ltW.
have ball := theorem_B_ball p0 on_H r0 (cotA_ge0 (p i) (p i0)) small most s1 s3.
apply: le_trans (ler_wpmul2l (sinA_ge0 _ _) ball) _; rewrite mulrCA.
apply: ler_wpmul2l; first by rewrite !mulr_ge0 ?ler0n // addr_ge0 ?ler01 // invr_ge0 ltW.
exact: sine_root (ltW s0) sN si.
Qed.

Let some_other : (3 <= #|others|)%N -> exists i, others i.
Proof. by move=> N3; have /card_gt0P[i oi] := leq_trans (ltn0Sn 2) N3; exists i. Qed.

Theorem theorem_C_sine : (3 <= #|others|)%N -> exists2 i, others i &
  sinA (p i) (p i0) * (`|mass c p b i0| * r) <= (2 * #|others| + ~~ odd #|others|)%:R * eps.
Proof.
move=> N3; have n0 : 0 < #|others|%:R :> R by rewrite ltr0n (leq_trans _ N3).
have C0 : 0 <= (2 * #|others| + ~~ odd #|others|)%:R * eps by rewrite mulr_ge0 ?ler0n.
have [[i oi si]|[i oi [si most]]] := steepest (some_other N3); exists i => //; first by rewrite si mul0r.
have ball := theorem_C_ball p0 on_H r0 (cotA_ge0 (p i) (p i0)) small most N3.
apply: le_trans (ler_wpmul2l (sinA_ge0 _ _) ball) _; rewrite mulrCA -[leRHS]mulr1.
apply: ler_wpmul2l => //; rewrite mulrA ler_pdivr_mulr // mul1r.
by apply: sine_root; rewrite ?ler0n ?ler_nat.
Qed.

Theorem theorem_C2_sine : (3 <= #|others|)%N -> exists2 i, others i &
  sinA (p i) (p i0) * (`|mass c p b i0| * r) <= 12%:R / 7%:R * #|others|.+1%:R * eps.
Proof.
move=> N3; have C0 : 0 <= 12%:R / 7%:R * eps by rewrite mulr_ge0 ?divr_ge0 ?ler0n.
have [[i oi si]|[i oi [si most]]] := steepest (some_other N3); exists i => //.
  by rewrite si mul0r mulrAC mulr_ge0 ?ler0n.
have ball := theorem_C2_ball p0 on_H r0 (cotA_ge0 (p i) (p i0)) small most (leq_trans _ N3).
apply: le_trans (ler_wpmul2l (sinA_ge0 _ _) (ball isT)) _; rewrite mulrCA [leRHS]mulrAC.
apply: ler_wpmul2l => //; apply: sine_root; rewrite ?divr_ge0 ?ler0n // ler_pdivr_mulr ?ltr0n //.
by rewrite -natrM ler_nat; apply: leq_trans (_ : 4 * 2 <= _)%N => //; rewrite leq_mul2r.
Qed.
End Sines.
