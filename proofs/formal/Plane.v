(** Theorems B, C and C2 in the plane, certificate forms: cells, two chords, a parallelogram.

    Certifies   for h = kappa relu(tau) + sum c_i relu(x - o_i - w_i tau) + affine, |h| <= eps on |x| <= rho, |tau| <= t: bounds on
                |kappa| from points in the cell of the lines that are not left out, and that such points exist where all pairs of
                lines leave room (walls of slope 0 at x = -rho and x = rho).
    Does not    treat creases parallel to H other than H, count lines, or choose the gap. A node with the other orientation is
                of this form too: relu(-z) = relu(z) - z.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Room.
Variables (R : rcfType) (I : finType).
(** Intervals that meet in pairs have a common point: the wall's lower end is always there. *)
Lemma room (P Q : pred I) (A B : I -> R) (low high : R) : low <= high ->
  (forall i, P i -> A i <= high) -> (forall i, Q i -> low <= B i) -> (forall i k, P i -> Q k -> A i <= B k) ->
  exists x, [/\ low <= x, x <= high, forall i, P i -> A i <= x & forall i, Q i -> x <= B i].
Proof.
move=> lh PA QB AB; suff [x [lx xh Ax xB]] : exists x, [/\ low <= x, x <= high,
    forall i, i \in enum I -> P i -> A i <= x & forall i, Q i -> x <= B i].
  by exists x; split => // i; apply: Ax; rewrite mem_enum.
elim: (enum I) => [|k s [x [lx xh Ax xB]]]; first by exists low; split.
have [Pk|nPk] := boolP (P k); last first.
  exists x; split => // i; rewrite inE => /orP[/eqP->|]; last exact: Ax.
  by rewrite (negbTE nPk).
exists (Num.max (A k) x); split.
- by rewrite le_maxr lx orbT.
- by rewrite le_maxl xh PA.
- move=> i; rewrite inE => /orP[/eqP-> _|si Pi]; rewrite le_maxr ?lexx //.
  by rewrite (Ax i) ?orbT.
- by move=> i Qi; rewrite le_maxl xB // AB.
Qed.
End Room.

Section Plane.
Variables (R : rcfType) (I : finType) (c o w : I -> R) (kappa a b d : R).
Implicit Types (x tau : R).

(** The line x = o_i + w_i tau, and h. *)
Definition line i x tau : R := x - o i - w i * tau.
Definition strip_h x tau : R := kappa * relu tau + \sum_i c i * relu (line i x tau) + (a * x + b * tau + d).
Notation h := strip_h.

Variables (rho t eps : R).
Hypothesis small : forall x tau, `|x| <= rho -> `|tau| <= t -> `|h x tau| <= eps.

(** A cell: every line outside of [out] leaves the points on one side. *)
Lemma relu_line_left i x tau : o i + w i * tau <= x -> relu (line i x tau) = line i x tau.
Proof. by move=> le; rewrite relu_pos // /line -addrA -opprD subr_ge0. Qed.
Lemma relu_line_right i x tau : x <= o i + w i * tau -> relu (line i x tau) = 0.
Proof. by move=> le; rewrite relu_neg // /line -addrA -opprD subr_le0. Qed.

(** ** C2: two lines j and k left out, and all parallel to them *)
Section Pair.
Variables (j k : I) (left right : pred I) (s : R).
Let m : R := (w j + w k) / 2%:R.
Let D : R := (w j - w k) / 2%:R.
(** How far the corners of height s reach beyond a line of slope w along H. *)
Definition reach w : R := s * Num.max `|D| `|w - m|.

Hypothesis s0 : 0 <= s.
Hypothesis st : s <= t.
Hypothesis sides : forall i, c i != 0 -> [|| w i == w j, w i == w k, left i | right i].
Hypothesis walls : - rho + reach 0 <= rho - reach 0.
Hypothesis left_wall : forall i, right i -> - rho + reach 0 <= o i - reach (w i).
Hypothesis right_wall : forall i, left i -> o i + reach (w i) <= rho - reach 0.
Hypothesis apart : forall i l, left i -> right l -> o i + reach (w i) <= o l - reach (w l).

Theorem theorem_C2 : `|kappa| * s <= 4%:R * eps.
Proof.
have [x [lo hi xl xr]] := room walls right_wall left_wall apart.
(* the corners: offsets dx along H and heights dt, as far as a line of slope v is concerned *)
have corner v dx dt : (dx, dt) \in [:: (s * m, s); (s * D, 0); (- (s * D), 0); (- (s * m), - s)] ->
    `|dx - v * dt| <= reach v.
  have big e : `|e| <= Num.max `|D| `|v - m| -> `|s * e| <= reach v.
    by move=> le; rewrite normrM (ger0_norm s0) ler_wpmul2l.
  rewrite !inE => /or4P[] /eqP[-> ->].
  - have -> : s * m - v * s = s * - (v - m) by ring.
    by apply: big; rewrite normrN le_maxr lexx orbT.
  - by rewrite mulr0 subr0; apply: big; rewrite le_maxr lexx.
  - by rewrite mulr0 subr0 -mulrN; apply: big; rewrite normrN le_maxr lexx.
  - have -> : - (s * m) - v * - s = s * (v - m) by ring.
    by apply: big; rewrite le_maxr lexx orbT.
pose C := [:: (s * m, s); (s * D, 0); (- (s * D), 0); (- (s * m), - s)].
have inside p : p \in C -> `|h (x + p.1) p.2| <= eps.
  case: p => dx dt pC; apply: small => /=.
    have := corner 0 _ _ pC; rewrite mul0r subr0 ler_norml => /andP[l u].
    rewrite ler_norml; apply/andP; split.
      by rewrite -(addrK (reach 0) (- rho)); apply: ler_add.
    by rewrite -(subrK (reach 0) rho); apply: ler_add.
  move: pC; rewrite !inE => /or4P[] /eqP[_ ->]; rewrite ?normrN ?normr0 ?(ger0_norm s0) //;
    exact: le_trans st.
have := inside (s * m, s); have := inside (s * D, 0); have := inside (- (s * D), 0); have := inside (- (s * m), - s).
rewrite !inE !eqxx ?orbT /= => /(_ isT) e4 /(_ isT) e3 /(_ isT) e2 /(_ isT) e1.
have cancel i : c i != 0 -> relu (line i (x + s * m) s) - relu (line i (x + s * D) 0)
    - relu (line i (x - s * D) 0) + relu (line i (x - s * m) (- s)) = 0.
  move=> ci; have [/eqP wi|nj] := boolP (w i == w j).
    have -> : line i (x + s * D) 0 = line i (x - s * m) (- s) by rewrite /line wi /m /D; field.
    have -> : line i (x - s * D) 0 = line i (x + s * m) s by rewrite /line wi /m /D; field.
    by ring.
  have [/eqP wi|nk] := boolP (w i == w k).
    have -> : line i (x + s * D) 0 = line i (x + s * m) s by rewrite /line wi /m /D; field.
    have -> : line i (x - s * D) 0 = line i (x - s * m) (- s) by rewrite /line wi /m /D; field.
    by ring.
  have [li|nl] := boolP (left i).
    have out dx dt : (dx, dt) \in C -> relu (line i (x + dx) dt) = line i (x + dx) dt.
      move=> pC; apply: relu_line_left; have := corner (w i) _ _ pC; rewrite ler_norml => /andP[l _].
      rewrite -subr_ge0; have -> : x + dx - (o i + w i * dt) = (x - (o i + reach (w i))) + (dx - w i * dt + reach (w i)) by ring.
      by rewrite addr_ge0 ?subr_ge0 ?xl // -ler_subl_addr sub0r.
    rewrite (out (s * m) s) ?(out (s * D) 0) ?(out (- (s * D)) 0) ?(out (- (s * m)) (- s)) ?inE ?eqxx ?orbT //.
    by rewrite /line; ring.
  have ri : right i by have := sides ci; rewrite (negbTE nj) (negbTE nk) (negbTE nl).
  have out dx dt : (dx, dt) \in C -> relu (line i (x + dx) dt) = 0.
    move=> pC; apply: relu_line_right; have := corner (w i) _ _ pC; rewrite ler_norml => /andP[_ u].
    rewrite -ler_subl_addr -addrA; apply: le_trans (ler_add (xr i ri) u) _; by rewrite subrK.
  by rewrite (out (s * m) s) ?(out (s * D) 0) ?(out (- (s * D)) 0) ?(out (- (s * m)) (- s)) ?inE ?eqxx ?orbT // !subr0 addr0.
have E : h (x + s * m) s - h (x + s * D) 0 - h (x - s * D) 0 + h (x - s * m) (- s) = kappa * s.
  rewrite /h (relu_pos s0) (relu_neg (lexx 0)) (@relu_neg _ (- s)) ?oppr_le0 //.
  set S1 := \sum_i _; set S2 := \sum_i _; set S3 := \sum_i _; set S4 := \sum_i _.
  have S0 : S1 - S2 - S3 + S4 = 0.
    rewrite /S1 /S2 /S3 /S4 -!sumrB -big_split /=; apply: big1 => i _.
    by rewrite -!mulrBr -mulrDr; have [->|ci] := eqVneq (c i) 0; rewrite ?mul0r ?cancel ?mulr0.
  have -> : S1 = S2 + S3 - S4 by apply/eqP; rewrite -subr_eq0; apply/eqP; rewrite -S0; ring.
  by ring.
have -> : `|kappa| * s = `|kappa * s| by rewrite normrM (ger0_norm s0).
rewrite -E.
have -> : 4%:R * eps = ((eps + eps) + eps) + eps by ring.
apply: le_trans (ler_norm_add _ _) (ler_add _ e4).
apply: le_trans (ler_norm_sub _ _) (ler_add _ e3).
by apply: le_trans (ler_norm_sub _ _) (ler_add e1 e2).
Qed.
End Pair.

(** ** C: line j left out, and all parallel to it *)
Section Chords.
Variables (j : I) (left right : pred I).
(** A chord along line j from H to the height v, of either sign, fits between the lines, and between the walls. *)
Definition fits (v : R) : Prop :=
  [/\ `|v| <= t, - rho + relu ((0 - w j) * v) <= rho - relu ((w j - 0) * v),
      forall i, right i -> - rho + relu ((0 - w j) * v) <= o i - relu ((w j - w i) * v),
      forall i, left i -> o i + relu ((w i - w j) * v) <= rho - relu ((w j - 0) * v)
    & forall i l, left i -> right l -> o i + relu ((w i - w j) * v) <= o l - relu ((w j - w l) * v)].
Hypothesis sides : forall i, c i != 0 -> [|| w i == w j, left i | right i].
Let L : R := \sum_(i | left i && (w i != w j)) c i * (w j - w i) + (a * w j + b).

Lemma le_relu (z : R) : z <= relu z. Proof. by rewrite /relu le_maxr lexx orbT. Qed.

Lemma chord v : fits v -> exists p q, [/\ `|p| <= eps, `|q| <= eps & p - q = kappa * relu v + v * L].
Proof.
move=> [vt wall rw lw lr]; have [x [lo hi xl xr]] := room wall lw rw lr.
exists (h (x + w j * v) v), (h x 0); split.
- apply: small => //; rewrite ler_norml; apply/andP; split.
    have := le_trans (ler_add (lexx (- rho)) (le_relu ((0 - w j) * v))) lo.
    by rewrite sub0r mulNr ler_subl_addr.
  have := le_trans hi (ler_sub (lexx rho) (le_relu ((w j - 0) * v))).
  by rewrite subr0 ler_subr_addr.
- apply: small; last by rewrite normr0 (le_trans _ vt).
  rewrite ler_norml (le_trans _ lo) ?ler_addl ?relu_ge0 // (le_trans hi) // ger_addl oppr_le0 relu_ge0 //.
have each i : c i * relu (line i (x + w j * v) v) - c i * relu (line i x 0)
    = v * (if left i && (w i != w j) then c i * (w j - w i) else 0).
  have E : line i (x + w j * v) v = line i x 0 + (w j - w i) * v by rewrite /line; ring.
  have [/eqP wi|ni] := boolP (w i == w j).
    by rewrite andbF mulr0 E wi subrr mul0r addr0 subrr.
  have [c0|ci] := eqVneq (c i) 0; first by rewrite c0 !mul0r if_same mulr0 subrr.
  have [li|nl] := boolP (left i).
    have lx := xl i li; have x0 : 0 <= line i x 0.
      by rewrite /line mulr0 subr0 subr_ge0 (le_trans _ lx) // ler_addl relu_ge0.
    have xv : 0 <= line i (x + w j * v) v.
      have := le_trans (ler_add (lexx (o i)) (le_relu ((w i - w j) * v))) lx.
      by rewrite -subr_ge0 /line; congr (is_true (0 <= _)); ring.
    by rewrite /= !relu_pos // E; ring.
  have ri : right i by have := sides ci; rewrite (negbTE ni) (negbTE nl).
  have rx := xr i ri; have x0 : line i x 0 <= 0.
    by rewrite /line mulr0 subr0 subr_le0 (le_trans rx) // ger_addl oppr_le0 relu_ge0.
  have xv : line i (x + w j * v) v <= 0.
    have := le_trans rx (ler_sub (lexx (o i)) (le_relu ((w j - w i) * v))).
    by rewrite -subr_le0 /line; congr (is_true (_ <= 0)); ring.
  by rewrite /= !relu_neg // !mulr0 subr0.
rewrite /h (relu_neg (lexx 0)) /L.
set S1 := \sum_i _; set S2 := \sum_i _; set S3 := \sum_(i | _) _.
have S : S1 - S2 = v * S3.
  rewrite /S1 /S2 /S3 -sumrB [X in v * X]big_mkcond mulr_sumr; apply: eq_bigr => i _; exact: each.
have -> : S1 = S2 + v * S3 by rewrite -S; ring.
by ring.
Qed.

Theorem theorem_C u v : 0 < u -> 0 < v -> fits u -> fits (- v) -> `|kappa| * (u * v) <= 2%:R * eps * (u + v).
Proof.
move=> u0 v0 /chord[p1 [q1 [P1 Q1 E1]]] /chord[p2 [q2 [P2 Q2 E2]]].
have -> : `|kappa| * (u * v) = `|v * (p1 - q1) + u * (p2 - q2)|.
  have -> : v * (p1 - q1) + u * (p2 - q2) = kappa * (u * v).
    by rewrite E1 E2 (relu_pos (ltW u0)) relu_neg ?oppr_le0 ?ltW //; ring.
  by rewrite normrM [`|u * v|]ger0_norm ?mulr_ge0 ?ltW.
have two (p q : R) : `|p| <= eps -> `|q| <= eps -> `|p - q| <= 2%:R * eps.
  move=> P Q; apply: le_trans (ler_norm_sub _ _) _.
  have -> : 2%:R * eps = eps + eps by ring.
  exact: ler_add.
have -> : 2%:R * eps * (u + v) = v * (2%:R * eps) + u * (2%:R * eps) by ring.
apply: le_trans (ler_norm_add _ _) (ler_add _ _).
  by rewrite normrM (ger0_norm (ltW v0)) ler_wpmul2l ?(ltW v0) // two.
by rewrite normrM (ger0_norm (ltW u0)) ler_wpmul2l ?(ltW u0) // two.
Qed.
End Chords.

(** ** B: only lines of the opposite sign bound the cell *)
Section Cells.
Variables (left right : pred I).
(** At the height v the lines leave a point of the cell between the walls. *)
Definition open_at (v : R) : Prop :=
  [/\ `|v| <= t, - rho <= rho, forall i, right i -> - rho <= o i + w i * v, forall i, left i -> o i + w i * v <= rho
    & forall i l, left i -> right l -> o i + w i * v <= o l + w l * v].
Hypothesis opposing : forall i, c i * kappa < 0 -> left i || right i.
(** Creases parallel to H, none of them opposing. *)
Variables (J : finType) (q s : J -> R).
Definition parallels tau : R := \sum_j q j * relu (tau - s j).
Hypothesis same_sign : forall j, 0 <= q j * kappa.
Hypothesis small_all : forall x tau, `|x| <= rho -> `|tau| <= t -> `|h x tau + parallels tau| <= eps.

Theorem theorem_B u v : 0 < u -> 0 < v -> open_at u -> open_at (- v) -> `|kappa| * (u * v) <= 2%:R * eps * (u + v).
Proof.
move=> u0 v0 [ut wall ru lu lru] [vt _ rv lv lrv].
have [x [lx xh xl xr]] := room wall lu ru lru; have [y [ly yh yl yr]] := room wall lv rv lrv.
have uv : 0 < u + v by rewrite addr_gt0.
pose z := (v * x + u * y) / (u + v).
have zE : (u + v) * z = v * x + u * y by rewrite /z mulrC divfK // gt_eqF.
have inside : `|z| <= rho.
  rewrite ler_norml -(ler_pmul2l uv) -[z <= _](ler_pmul2l uv) zE.
  have -> : (u + v) * - rho = v * - rho + u * - rho by ring.
  have -> : (u + v) * rho = v * rho + u * rho by ring.
  by apply/andP; split; apply: ler_add; rewrite ler_wpmul2l ?(ltW u0) ?(ltW v0).
pose k x tau := h x tau + parallels tau.
have e1 : `|k x u| <= eps by apply: small_all; rewrite // ler_norml lx.
have e2 : `|k y (- v)| <= eps by apply: small_all; rewrite // ler_norml ly.
have e3 : `|k z 0| <= eps by apply: small_all; rewrite // normr0 (le_trans _ ut).
pose G i := v * relu (line i x u) + u * relu (line i y (- v)) - (u + v) * relu (line i z 0).
have lineE i : (u + v) * line i z 0 = v * line i x u + u * line i y (- v).
  by rewrite /line mulr0 subr0 mulrBr zE; ring.
have G0 i : 0 <= G i.
  rewrite subr_ge0 -[(u + v) * _]reluM ?(ltW uv) // lineE.
  rewrite {1}/relu le_maxl addr_ge0 ?mulr_ge0 ?relu_ge0 ?(ltW u0) ?(ltW v0) //=.
  by apply: ler_add; rewrite ler_wpmul2l ?le_relu ?(ltW u0) ?(ltW v0).
have quiet i : c i * kappa < 0 -> G i = 0.
  move=> /opposing /orP[li|ri].
    have xi := relu_line_left (xl i li); have yi := relu_line_left (yl i li).
    rewrite /G xi yi -lineE -mulrBr relu_pos ?subrr ?mulr0 //.
    rewrite -(pmulr_rge0 _ uv) lineE -xi -yi addr_ge0 ?mulr_ge0 ?relu_ge0 ?(ltW u0) ?(ltW v0) //.
  have xi := relu_line_right (xr i ri); have yi := relu_line_right (yr i ri).
  apply/eqP; rewrite eq_le G0 andbT /G xi yi !mulr0 !add0r oppr_le0 mulr_ge0 ?relu_ge0 ?ltW //.
pose Q j := v * relu (u - s j) + u * relu (- v - s j) - (u + v) * relu (0 - s j).
have Q0 j : 0 <= Q j.
  rewrite subr_ge0 -reluM ?(ltW uv) //.
  have -> : (u + v) * (0 - s j) = v * (u - s j) + u * (- v - s j) by ring.
  rewrite {1}/relu le_maxl addr_ge0 ?mulr_ge0 ?relu_ge0 ?(ltW u0) ?(ltW v0) //=.
  by apply: ler_add; rewrite ler_wpmul2l ?le_relu ?(ltW u0) ?(ltW v0).
have E : v * k x u + u * k y (- v) - (u + v) * k z 0 = kappa * (u * v) + (\sum_i c i * G i + \sum_j q j * Q j).
  have -> : \sum_j q j * Q j = v * parallels u + u * parallels (- v) - (u + v) * parallels 0.
    rewrite !mulr_sumr -big_split -sumrB /=; apply: eq_bigr => j _; rewrite /Q.
    by move: (relu (u - s j)) (relu (- v - s j)) (relu (0 - s j)) => A B C; ring.
  rewrite /k /h (relu_pos (ltW u0)) (relu_neg (lexx 0)) (@relu_neg _ (- v)) ?oppr_le0 ?ltW //.
  set S1 := \sum_i c i * relu (line i x u); set S2 := \sum_i c i * relu (line i y (- v)).
  set S3 := \sum_i c i * relu (line i z 0).
  have -> : \sum_i c i * G i = v * S1 + u * S2 - (u + v) * S3.
    by rewrite !mulr_sumr -big_split -sumrB /=; apply: eq_bigr => i _; rewrite /G; ring.
  have -> : (u + v) * (kappa * 0 + S3 + (a * z + b * 0 + d) + parallels 0)
    = (u + v) * S3 + a * ((u + v) * z) + (u + v) * d + (u + v) * parallels 0 by ring.
  by rewrite zE; ring.
have [->|k0] := eqVneq kappa 0.
  by rewrite normr0 mul0r !mulr_ge0 ?ler0n ?(ltW uv) // (le_trans _ e3).
have kpos : 0 < `|kappa| by rewrite normr_gt0.
have size : `|v * k x u + u * k y (- v) - (u + v) * k z 0| <= 2%:R * eps * (u + v).
  have -> : 2%:R * eps * (u + v) = (v * eps + u * eps) + (u + v) * eps by ring.
  apply: le_trans (ler_norm_sub _ _) (ler_add (le_trans (ler_norm_add _ _) (ler_add _ _)) _); rewrite normrM.
  - by rewrite (ger0_norm (ltW v0)) ler_wpmul2l ?(ltW v0).
  - by rewrite (ger0_norm (ltW u0)) ler_wpmul2l ?(ltW u0).
  - by rewrite (ger0_norm (ltW uv)) ler_wpmul2l ?(ltW uv).
rewrite -(ler_pmul2l kpos); apply: le_trans (ler_wpmul2l (ltW kpos) size); rewrite -normrM.
apply: le_trans (ler_norm _); rewrite E mulrDr mulrA -normrM -expr2 ger0_norm ?sqr_ge0 // expr2 -mulrA ler_addl.
rewrite mulrDr addr_ge0 // mulr_sumr; apply: sumr_ge0 => i _; rewrite mulrA (mulrC kappa); last by rewrite mulr_ge0.
by have [pos|neg] := lerP 0 (c i * kappa); [rewrite mulr_ge0|rewrite quiet ?mulr0].
Qed.
End Cells.
End Plane.
