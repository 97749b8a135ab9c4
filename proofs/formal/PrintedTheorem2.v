(** Theorem 2 as printed is false, for six independent reasons and for every constant in its bound.

    Certifies   for every C an instance that has the hypotheses as printed and no student within C K eps/(alpha r) of the teacher's
                direction: the observer sees a corner only; is dead; the teacher is rescaled; alpha < 0; a second teacher
                cancels the first; the region is thin.
    Does not    keep sqrt(d') and r' = r - 5 eps/|alpha| apart: d' = 2 is fixed and r' >= r/2 is a hypothesis, so both are in C.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks Counterexamples.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Printed.
Variables (R : rcfType) (d o : nat) (T S : finType) (teacher : net R d o T) (student : net R d o S).
Variables (region : 'rV[R]_d -> Prop) (j : T) (k : S) (r eps : R).
(** The inputs span the space. A disc of radius r lies in the boundary of j inside the open region. *)
Definition has_hypotheses : Prop :=
  [/\ forall x, region x -> strictly_inside region x,
      forall x, region x -> `|g_1 teacher student k x| <= eps,
      exists2 centre, node teacher j centre = 0 & forall x, node teacher j x = 0 -> sq (x - centre) <= r ^+ 2 -> region x,
      0 < r /\ weight teacher j != 0
    & alpha teacher student k j != 0 /\ 10%:R * eps <= r * `|alpha teacher student k j|].
(** The boundary of j meets the closed activation region of k. *)
Definition observed_at x : Prop := node teacher j x = 0 /\ 0 <= node student k x.
Definition bound (C : R) : R := C * (#|T| + #|S|)%:R * eps / (alpha teacher student k j * r).
Definition no_student_within (C : R) : Prop := forall s,
  weight student s != 0 /\ bound C < sinA (weight student s) (weight teacher j).
End Printed.

Section Open.
Variables (R : rcfType) (d : nat).
Implicit Types A B : 'rV[R]_d -> Prop.
Lemma half_open (w : 'rV[R]_d) e x : 0 < dot w x + e -> strictly_inside (fun x => 0 < dot w x + e) x.
Proof.
move=> pos; have n1 : 0 < norm w + 1 by rewrite ltr_paddl ?norm_ge0 ?ltr01.
exists ((dot w x + e) / (norm w + 1) / 2%:R); first by rewrite !divr_gt0 ?ltr0n.
move=> y near; have -> : y = x + (y - x) by rewrite addrCA subrr addr0.
rewrite dotDr addrAC -[dot w (y - x)]opprK subr_gt0; apply: le_lt_trans (ler_norm _) _; rewrite normrN.
apply: le_lt_trans (CS _ _) _.
set q := _ / _ / _ in near.
have q0 : 0 < q by rewrite !divr_gt0 ?ltr0n.
have nq : norm (y - x) <= q by rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 ?(ltW q0) // sqr_norm.
apply: le_lt_trans (_ : (norm w + 1) * q < _).
  by apply: ler_pmul; rewrite ?norm_ge0 // ler_addl ler01.
have -> : (norm w + 1) * q = (dot w x + e) / 2%:R by rewrite /q; field; rewrite gt_eqF.
by rewrite ltr_pdivr_mulr ?ltr0n // ltr_pmulr // ltr1n.
Qed.
Lemma both_open A B x : strictly_inside A x -> strictly_inside B x -> strictly_inside (fun x => A x /\ B x) x.
Proof.
move=> [q q0 qA] [s s0 sB]; exists (Num.min q s); first by rewrite lt_minr q0.
have m0 : 0 <= Num.min q s by rewrite le_minr !ltW.
move=> y near; split; [apply: qA|apply: sB]; apply: le_trans near _.
  by rewrite ler_pexpn2r ?nnegrE ?(ltW q0) // le_minl lexx.
by rewrite ler_pexpn2r ?nnegrE ?(ltW s0) // le_minl lexx orbT.
Qed.
End Open.

Section Instances.
Variable R : rcfType.
Implicit Types (x : 'rV[R]_2) (C t : R).
Notation half a b e := (fun x => 0 < dot (vec2 a b) x + e).
(** {|x1| < 1, |x2| < t} *)
Definition strip t : 'rV[R]_2 -> Prop := fun x =>
  (half 1 0 1 x /\ half (-1) 0 1 x) /\ (half 0 1 t x /\ half 0 (-1) t x).
Definition diamond : 'rV[R]_2 -> Prop := fun x =>
  (half 1 1 1 x /\ half (-1) (-1) 1 x) /\ (half 1 (-1) 1 x /\ half (-1) 1 1 x).
Lemma strip_open t x : strip t x -> strictly_inside (strip t) x.
Proof. by move=> [[? ?] [? ?]]; do !apply: both_open; apply: half_open. Qed.
Lemma diamond_open x : diamond x -> strictly_inside diamond x.
Proof. by move=> [[? ?] [? ?]]; do !apply: both_open; apply: half_open. Qed.

Lemma stripP t x : strip t x <-> `|x 0 0| < 1 /\ `|x 0 1| < t.
Proof.
rewrite /strip !dot_vec2 !mul1r !mul0r !mulN1r !addr0 !add0r !ltr_norml.
rewrite -!ltr_subl_addr !sub0r !ltr_opp2.
by split=> [[[-> ->] [-> ->]]|[/andP[-> ->] /andP[-> ->]]].
Qed.
Lemma diamondP x : diamond x -> `|x 0 1| < 1 - x 0 0.
Proof.
rewrite /diamond !dot_vec2 !mul1r !mulN1r => -[[_ h1] [_ h2]].
rewrite ltr_norml; apply/andP; split; rewrite -subr_gt0.
  by move: h2; congr (is_true (0 < _)); ring.
by move: h1; congr (is_true (0 < _)); ring.
Qed.

Definition axis1 : 'rV[R]_2 := vec2 1 0.
Definition axis2 : 'rV[R]_2 := vec2 0 1.
Definition node1 (w : 'rV[R]_2) (b v : R) : net R 2 1 [finType of 'I_1] := Net (fun=> w) (fun=> b) (fun=> one1 v).

Lemma sq_vec2 (a b : R) : sq (vec2 a b) = a ^+ 2 + b ^+ 2.
Proof. by rewrite /sq dot_vec2 !mxE /= !expr2. Qed.
Lemma sinA_right (a b : R) : sinA (vec2 a 0) (vec2 0 b) = 1.
Proof. by rewrite /sinA /cosA dot_vec2 !mxE /= mul0r mulr0 addr0 normr0 mul0r expr0n subr0 sqrtr1. Qed.
Lemma vec2_neq0 (a b : R) : (a != 0) || (b != 0) -> vec2 a b != 0.
Proof.
move=> h; apply/eqP => e; move/rowP: (e) => /(_ 0); move/rowP: e => /(_ 1).
by rewrite !mxE /= => eb ea; move: h; rewrite ea eb eqxx.
Qed.
Lemma on_axis x (q : R) : 0 <= q -> sq (x - 0) <= q ^+ 2 -> `|x 0 0| <= q.
Proof.
move=> q0; rewrite subr0 => le; rewrite -(@ler_pexpn2r _ 2) ?nnegrE // real_normK ?num_real //.
apply: le_trans le; rewrite /sq /dot big_ord_recl -expr2 ler_addl.
by apply: sumr_ge0 => i _; rewrite -expr2 sqr_ge0.
Qed.
Lemma small_t (M : R) : exists t, [/\ 0 < t, t <= 100%:R^-1 & M * t < 4%:R^-1].
Proof.
pose q := 100%:R + 8%:R * `|M|; have q0 : 0 < q by rewrite ltr_paddr ?mulr_ge0 ?ler0n ?ltr0n.
exists q^-1; split; rewrite ?invr_gt0 //.
  by rewrite lef_pinv ?posrE ?ltr0n // ler_addl mulr_ge0 ?ler0n.
rewrite ltr_pdivr_mulr // ltr_pdivl_mull ?ltr0n //; apply: le_lt_trans (_ : 4%:R * `|M| < _).
  by rewrite ler_wpmul2l ?ler0n ?ler_norm.
apply: le_lt_trans (_ : 8%:R * `|M| < _); last by rewrite ltr_addr ltr0n.
by rewrite ler_wpmul2r // ler_nat.
Qed.
Lemma h_1 (T S : finType) (f : net R 2 1 T) (g : net R 2 1 S) k x :
  h_k f g k x = fanout g k 0 0 * (out f x 0 0 - out g x 0 0).
Proof. by rewrite /h_k /dot big_ord_recl big_ord0 addr0 !mxE. Qed.
Lemma out1 w b v x : out (node1 w b v) x 0 0 = relu (dot w x + b) * v.
Proof. by rewrite /out big_ord_recl big_ord0 addr0 !mxE. Qed.

(** b: the observer is dead, eps = 0. *)
Theorem theorem_2_dead_observer C : exists (teacher student : net R 2 1 [finType of 'I_1]) x,
  [/\ has_hypotheses teacher student (strip 1) 0 0 2%:R^-1 0, observed_at teacher student 0 0 x,
      0 < alpha teacher student 0 0 & no_student_within teacher student 0 0 2%:R^-1 0 C].
Proof.
exists (node1 axis2 0 1), (node1 axis1 (- 2%:R) 1), (vec2 2%:R 0).
have al : alpha (node1 axis2 0 1) (node1 axis1 (- 2%:R) 1) 0 0 = 1.
  by rewrite /alpha /dot big_ord_recl big_ord0 !mxE mulr1 addr0.
have half1 : 2%:R^-1 < 1 :> R by rewrite invf_lt1 ?ltr0n ?ltr1n.
split; last 1 first.
- move=> s; split; first by rewrite vec2_neq0 // oner_eq0.
  by rewrite /bound mulr0 mul0r /= sinA_right ltr01.
- split.
  + exact: strip_open.
  + move=> x /stripP[x1 _].
    have off : active (node1 axis1 (- 2%:R) 1) 0 x = false.
      rewrite /active /node /= dot_vec2 mul1r mul0r addr0 subr_ge0; apply/negbTE; rewrite -ltNge.
      by apply: lt_trans (le_lt_trans (ler_norm _) x1) _; rewrite ltr1n.
    by rewrite /g_1 off normr0.
  + exists 0 => [|x]; first by rewrite /node /= dot0r addr0.
    rewrite /node /= dot_vec2 mul0r mul1r add0r addr0 => x1 near; apply/stripP; rewrite x1 normr0 ltr01; split=> //.
    by apply: le_lt_trans (on_axis _ near) half1; rewrite invr_ge0 ler0n.
  + by rewrite invr_gt0 ltr0n vec2_neq0 // oner_eq0 orbT.
  + by rewrite al oner_eq0 mulr0 normr1 mulr1 invr_ge0 ler0n.
- rewrite /observed_at /node /= !dot_vec2 !mxE /=; split; first by ring.
  by have -> : 1 * 2%:R + 0 * 0 - 2%:R = 0 :> R by ring.
- by rewrite al ltr01.
Qed.

(** d: rescaling the teacher (s w, v/s) changes alpha and not the function. *)
Theorem theorem_2_rescaled_teacher C : exists (teacher student : net R 2 1 [finType of 'I_1]) x eps,
  [/\ has_hypotheses teacher student (strip 1) 0 0 2%:R^-1 eps, strip 1 x /\ observed_at teacher student 0 0 x,
      0 < alpha teacher student 0 0 & no_student_within teacher student 0 0 2%:R^-1 eps C].
Proof.
have [t [t0 tle tM]] := small_t (C * 20%:R).
have tn : t != 0 by rewrite gt_eqF.
exists (node1 (vec2 0 t) 0 t^-1), (node1 axis1 3%:R 1), 0, 5%:R.
have al : alpha (node1 (vec2 0 t) 0 t^-1) (node1 axis1 3%:R 1) 0 0 = t^-1.
  by rewrite /alpha /dot big_ord_recl big_ord0 !mxE mul1r addr0.
have half1 : 2%:R^-1 < 1 :> R by rewrite invf_lt1 ?ltr0n ?ltr1n.
split; last 1 first.
- move=> s; split; first by rewrite vec2_neq0 // oner_eq0.
  rewrite /bound /= sinA_right al !card_ord.
  have -> : C * (1 + 1)%:R * 5%:R / (t^-1 / 2%:R) = C * 20%:R * t by field.
  by apply: lt_trans tM _; rewrite invf_lt1 ?ltr0n ?ltr1n.
- split.
  + exact: strip_open.
  + move=> x /stripP[x1 x2]; rewrite /g_1; case: ifP => _; last by rewrite normr0 ler0n.
    rewrite h_1 !out1 /= !dot_vec2 !mxE !mul0r !mul1r !add0r !addr0 mulr1 reluM ?(ltW t0) //.
    have -> : t * relu (x 0 1) / t = relu (x 0 1) by field.
    move: x1 x2; rewrite !ltr_norml => /andP[/ltW l1 /ltW u1] /andP[/ltW l2 /ltW u2].
    have pos : 0 <= x 0 0 + 3%:R.
      have := ler_add l1 (lexx (3%:R : R)); apply: le_trans.
      have -> : -1 + 3%:R = 2%:R :> R by ring.
      exact: ler0n.
    have top : relu (x 0 1) <= 1 by rewrite /relu le_maxl ler01 u2.
    have r0 := relu_ge0 (x 0 1).
    rewrite (relu_pos pos) ler_norml; apply/andP; split; rewrite -subr_ge0.
      have -> : relu (x 0 1) - (x 0 0 + 3%:R) - - 5%:R = relu (x 0 1) + (1 - x 0 0) + 1 by ring.
      by apply: addr_ge0 ler01; apply: addr_ge0 => //; rewrite subr_ge0.
    have -> : 5%:R - (relu (x 0 1) - (x 0 0 + 3%:R)) = (1 - relu (x 0 1)) + (x 0 0 - -1) + 6%:R by ring.
    by apply: addr_ge0 (ler0n _ _); apply: addr_ge0; rewrite subr_ge0.
  + exists 0 => [|x]; first by rewrite /node /= dot0r addr0.
    rewrite /node /= dot_vec2 mul0r add0r addr0 => /eqP; rewrite mulf_eq0 (negbTE tn) /= => /eqP x1 near.
    apply/stripP; rewrite x1 normr0 ltr01; split=> //.
    by apply: le_lt_trans (on_axis _ near) half1; rewrite invr_ge0 ler0n.
  + by rewrite invr_gt0 ltr0n vec2_neq0 // tn orbT.
  + rewrite al invr_neq0 //; split=> //; rewrite ger0_norm ?invr_ge0 ?(ltW t0) //.
    rewrite ler_pdivl_mull ?ltr0n // -[leRHS]mul1r ler_pdivl_mulr //.
    apply: le_trans (_ : 2%:R * (10%:R * 5%:R) * 100%:R^-1 <= _); first by rewrite ler_wpmul2l // !mulr_ge0 ?ler0n.
    by rewrite le_eqVlt; apply/orP; left; apply/eqP; field.
- split; first by apply/stripP; rewrite !mxE normr0 ltr01.
  by rewrite /observed_at /node /= !dot0r !add0r ler0n.
- by rewrite al invr_gt0.
Qed.

Lemma near01 (u v t : R) : 0 <= u -> u <= t -> 0 <= v -> v <= t -> `|u - v| <= t.
Proof.
move=> u0 ut v0 vt; rewrite ler_norml ler_subl_addr; apply/andP; split; last by apply: le_trans ut _; rewrite ler_addl.
by rewrite -subr_ge0 opprK addrAC -addrA; apply: addr_ge0; rewrite ?subr_ge0.
Qed.
Lemma half_lt1 : 2%:R^-1 < 1 :> R. Proof. by rewrite invf_lt1 ?ltr0n ?ltr1n. Qed.
Lemma half_ge0 : 0 <= 2%:R^-1 :> R. Proof. by rewrite invr_ge0 ler0n. Qed.
Lemma ten_t (t : R) : t <= 100%:R^-1 -> 10%:R * t <= 2%:R^-1 * 1.
Proof.
move=> le; apply: le_trans (_ : 10%:R * 100%:R^-1 <= _); first by rewrite ler_wpmul2l ?ler0n.
have -> : 10%:R * 100%:R^-1 = 10%:R^-1 :> R by field.
by rewrite mulr1 lef_pinv ?posrE ?ltr0n // ler_nat.
Qed.

(** a: the observer sees a corner of the region only. *)
Theorem theorem_2_corner C : exists (teacher student : net R 2 1 [finType of 'I_1]) x eps,
  [/\ has_hypotheses teacher student diamond 0 0 2%:R^-1 eps, diamond x /\ observed_at teacher student 0 0 x,
      0 < alpha teacher student 0 0 & no_student_within teacher student 0 0 2%:R^-1 eps C].
Proof.
have [t [t0 tle tM]] := small_t (C * 4%:R).
exists (node1 axis2 0 1), (node1 axis1 (t - 1) 1), (vec2 (1 - t) 0), t.
have al : alpha (node1 axis2 0 1) (node1 axis1 (t - 1) 1) 0 0 = 1.
  by rewrite /alpha /dot big_ord_recl big_ord0 !mxE mulr1 addr0.
have t1 : t < 1 by apply: le_lt_trans tle _; rewrite invf_lt1 ?ltr0n ?ltr1n.
split; last 1 first.
- move=> s; split; first by rewrite vec2_neq0 // oner_eq0.
  rewrite /bound /= sinA_right al !card_ord.
  have -> : C * (1 + 1)%:R * t / (1 / 2%:R) = C * 4%:R * t by field.
  by apply: lt_trans tM _; rewrite invf_lt1 ?ltr0n ?ltr1n.
- split.
  + exact: diamond_open.
  + move=> x dx; have y1 := diamondP dx; rewrite /g_1; case: ifP => [act|_]; last by rewrite normr0 ltW.
    move: act; rewrite h_1 !out1 /active /node /= !dot_vec2 !mxE !mul0r !mul1r !add0r !addr0 !mulr1 => act.
    have x1 : x 0 0 <= 1 by rewrite -subr_ge0; apply: le_trans (ltW y1).
    have xt : 1 - x 0 0 <= t by rewrite -subr_ge0; move: act; congr (is_true (0 <= _)); ring.
    apply: near01; rewrite ?relu_ge0 //.
      by rewrite /relu le_maxl (ltW t0) /= (le_trans (ler_norm _) (le_trans (ltW y1) xt)).
    rewrite (relu_pos act) -subr_ge0; have -> : t - (x 0 0 + (t - 1)) = 1 - x 0 0 by ring.
    by rewrite subr_ge0.
  + exists 0 => [|x]; first by rewrite /node /= dot0r addr0.
    rewrite /node /= dot_vec2 mul0r mul1r add0r addr0 => x1 near.
    have := le_lt_trans (on_axis half_ge0 near) half_lt1; rewrite ltr_norml -subr_gt0 opprK => /andP[l u].
    rewrite /diamond !dot_vec2 x1 !mulr0 !addr0 !mul1r !mulN1r.
    have u' : 0 < - x 0 0 + 1 by rewrite addrC subr_gt0.
    by rewrite ?oppr0 ?addr0 l u'.
  + by rewrite invr_gt0 ltr0n vec2_neq0 // oner_eq0 orbT.
  + by rewrite al oner_eq0 normr1; split=> //; apply: ten_t.
- split; last first.
    rewrite /observed_at /node /= !dot_vec2 !mxE /=; split; first by ring.
    by have -> : 1 * (1 - t) + 0 * 0 + (t - 1) = 0 :> R by ring.
  rewrite /diamond !dot_vec2 !mxE /= !mulr0 !addr0 !mul1r !mulN1r.
  have -> : 1 - t + 1 = 1 + (1 - t) by ring.
  have -> : - (1 - t) + 1 = t by ring.
  by rewrite t0 addr_gt0 ?ltr01 ?subr_gt0.
- by rewrite al ltr01.
Qed.

Definition three (A : Type) (u v w : A) : 'I_3 -> A := fun i => if i == 0 then u else if i == 1 then v else w.
Lemma three0 (A : Type) (u v w : A) : three u v w 0 = u. Proof. by []. Qed.
Lemma three1 (A : Type) (u v w : A) : three u v w 1 = v. Proof. by []. Qed.
Definition node3 (w0 w1 w2 : 'rV[R]_2) (b0 b1 b2 v0 v1 v2 : R) : net R 2 1 [finType of 'I_3] :=
  Net (three w0 w1 w2) (three b0 b1 b2) (three (one1 v0) (one1 v1) (one1 v2)).
Lemma out3 w0 w1 w2 b0 b1 b2 v0 v1 v2 x : out (node3 w0 w1 w2 b0 b1 b2 v0 v1 v2) x 0 0
  = relu (dot w0 x + b0) * v0 + (relu (dot w1 x + b1) * v1 + relu (dot w2 x + b2) * v2).
Proof. by rewrite /out !big_ord_recl big_ord0 addr0 /node /three /= !mxE. Qed.

(** f: alpha < 0 makes the bound negative. *)
Theorem theorem_2_negative_alpha C : 0 < C ->
  exists (teacher : net R 2 1 [finType of 'I_1]) (student : net R 2 1 [finType of 'I_3]) x eps,
  [/\ has_hypotheses teacher student (strip 1) 0 1 2%:R^-1 eps, strip 1 x /\ observed_at teacher student 0 1 x,
      alpha teacher student 1 0 < 0 & no_student_within teacher student 0 1 2%:R^-1 eps C].
Proof.
move=> C0; pose t : R := 100%:R^-1; have t0 : 0 < t by rewrite invr_gt0 ltr0n.
pose f := node1 axis2 0 1.
pose g := node3 axis2 axis1 axis1 0 3%:R 3%:R (1 - t) (-1) 1.
exists f, g, 0, t.
have al : alpha f g 1 0 = -1.
  by rewrite /alpha /= ?three0 ?three1 /dot big_ord_recl big_ord0 !mxE mulr1 addr0.
split; last 1 first.
- move=> s; split; first by rewrite /= /three; do 2?case: ifP => _; rewrite vec2_neq0 // oner_eq0 ?orbT.
  apply: lt_le_trans (sinA_ge0 _ _); rewrite /bound al mulN1r invrN mulrN oppr_lt0 invrK.
  by rewrite !mulr_gt0 ?ltr0n // !card_ord.
- split.
  + exact: strip_open.
  + move=> x /stripP[x1 x2]; rewrite /g_1; case: ifP => _; last by rewrite normr0 ltW.
    rewrite h_1 out1 out3 /= ?three1 !dot_vec2 !mxE !mul0r !mul1r !add0r !addr0.
    move: (relu (x 0 0 + 3%:R)) => z; set y := relu (x 0 1).
    have -> : -1 * (y * 1 - (y * (1 - t) + (z * -1 + z * 1))) = - (t * y) by ring.
    rewrite normrN normrM (ger0_norm (ltW t0)) -[leRHS]mulr1 ler_wpmul2l ?(ltW t0) // ger0_norm ?relu_ge0 //.
    by rewrite /relu le_maxl ler01 (le_trans (ler_norm _) (ltW x2)).
  + exists 0 => [|x]; first by rewrite /node /= dot0r addr0.
    rewrite /node /= dot_vec2 mul0r mul1r add0r addr0 => x1 near; apply/stripP; rewrite x1 normr0 ltr01; split=> //.
    by apply: le_lt_trans (on_axis half_ge0 near) half_lt1.
  + by rewrite invr_gt0 ltr0n vec2_neq0 // oner_eq0 orbT.
  + by rewrite al oppr_eq0 oner_eq0 normrN normr1; split=> //; apply: ten_t.
- split; first by apply/stripP; rewrite !mxE normr0 ltr01.
  by rewrite /observed_at /node /= !dot0r !add0r ler0n.
- by rewrite al oppr_lt0 ltr01.
Qed.

(** g: a second teacher, nearly parallel to the first, cancels it. *)
Theorem theorem_2_cancelling_teachers C :
  exists (teacher : net R 2 1 [finType of 'I_3]) (student : net R 2 1 [finType of 'I_1]) x eps,
  [/\ has_hypotheses teacher student (strip 1) 0 0 2%:R^-1 eps, strip 1 x /\ observed_at teacher student 0 0 x,
      0 < alpha teacher student 0 0 & no_student_within teacher student 0 0 2%:R^-1 eps C].
Proof.
have [t [t0 tle tM]] := small_t (C * 8%:R).
pose f := node3 axis2 (vec2 t 1) axis1 0 0 4%:R 1 (-1) 1.
pose g := node1 axis1 4%:R 1.
exists f, g, 0, t.
have al : alpha f g 0 0 = 1.
  by rewrite /alpha /= ?three0 ?three1 /dot big_ord_recl big_ord0 !mxE mulr1 addr0.
have lip u v : `|relu u - relu v| <= `|u - v| :> R.
  have up (u' v' : R) : u' <= v' -> `|relu u' - relu v'| <= `|u' - v'|.
    move=> uv; have m : relu u' <= relu v' by rewrite /relu le_maxl !le_maxr lexx uv orbT.
    rewrite (distrC (relu u')) (distrC u') !ger0_norm ?subr_ge0 //.
    have [v0|/ltW v0] := lerP 0 v'; last by rewrite !relu_neg ?(le_trans uv) // subrr subr_ge0.
    by rewrite (relu_pos v0) ler_add2l ler_opp2 /relu le_maxr lexx orbT.
  case/orP: (le_total u v) => [uv|vu]; first exact: up.
  by have := up _ _ vu; rewrite -(normrN (relu v - _)) -(normrN (v - _)) !opprB.
split; last 1 first.
- move=> s; split; first by rewrite vec2_neq0 // oner_eq0.
  rewrite /bound /= sinA_right al !card_ord.
  have -> : C * (3 + 1)%:R * t / (1 / 2%:R) = C * 8%:R * t by field.
  by apply: lt_trans tM _; rewrite invf_lt1 ?ltr0n ?ltr1n.
- split.
  + exact: strip_open.
  + move=> x /stripP[x1 _]; rewrite /g_1; case: ifP => _; last by rewrite normr0 ltW.
    rewrite h_1 out1 out3 /= ?three1 !dot_vec2 !mxE !mul0r !mul1r !add0r !addr0.
    have -> : relu (x 0 1) * 1 + (relu (t * x 0 0 + x 0 1) * -1 + relu (x 0 0 + 4%:R) * 1) - relu (x 0 0 + 4%:R) * 1
      = relu (x 0 1) - relu (t * x 0 0 + x 0 1) by ring.
    apply: le_trans (lip _ _) _; rewrite opprD addrCA subrr addr0 normrN normrM (ger0_norm (ltW t0)).
    by rewrite -[leRHS]mulr1 ler_wpmul2l ?ltW.
  + exists 0 => [|x]; first by rewrite /node /= dot0r addr0.
    rewrite /node /= dot_vec2 mul0r mul1r add0r addr0 => x1 near; apply/stripP; rewrite x1 normr0 ltr01; split=> //.
    by apply: le_lt_trans (on_axis half_ge0 near) half_lt1.
  + by rewrite invr_gt0 ltr0n vec2_neq0 // oner_eq0 orbT.
  + by rewrite al oner_eq0 normr1; split=> //; apply: ten_t.
- split; first by apply/stripP; rewrite !mxE normr0 ltr01.
  by rewrite /observed_at /node /= !dot0r !add0r ler0n.
- by rewrite al ltr01.
Qed.
Definition node2 (w0 w1 : 'rV[R]_2) (b0 b1 v0 v1 : R) : net R 2 1 [finType of 'I_2] :=
  Net (fun i => if i == 0 then w0 else w1) (fun i => if i == 0 then b0 else b1) (fun i => one1 (if i == 0 then v0 else v1)).
Lemma out2 w0 w1 b0 b1 v0 v1 x :
  out (node2 w0 w1 b0 b1 v0 v1) x 0 0 = relu (dot w0 x + b0) * v0 + relu (dot w1 x + b1) * v1.
Proof. by rewrite /out !big_ord_recl big_ord0 addr0 !mxE. Qed.

(** c: the region is thin across the boundary, and r measures its length alone. *)
Theorem theorem_2_thin_region C :
  exists (teacher : net R 2 1 [finType of 'I_2]) (student : net R 2 1 [finType of 'I_1]) region x eps,
  [/\ has_hypotheses teacher student region 0 0 2%:R^-1 eps, region x /\ observed_at teacher student 0 0 x,
      0 < alpha teacher student 0 0 & no_student_within teacher student 0 0 2%:R^-1 eps C].
Proof.
have [t [t0 tle tM]] := small_t (C * 6%:R).
pose slanted : 'rV[R]_2 := vec2 2%:R^-1 2%:R^-1.
pose f := node2 axis2 (vec2 2%:R^-1 0) 0 (4%:R - t / 4%:R) 1 1.
pose g := node1 slanted 4%:R 1.
exists f, g, (strip t), 0, t.
have al : alpha f g 0 0 = 1 by rewrite /alpha /dot big_ord_recl big_ord0 !mxE mulr1 addr0.
split; last 1 first.
- move=> s; split; first by rewrite vec2_neq0 // invr_eq0 pnatr_eq0.
  have sine : sinA slanted axis2 ^+ 2 = 2%:R^-1.
    rewrite sqr_sinA /cosA expr_div_n exprMn !sqr_norm !sq_vec2 real_normK ?num_real // dot_vec2 !mxE /=.
    by field.
  have big : 4%:R^-1 <= sinA slanted axis2.
    rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?sinA_ge0 ?invr_ge0 ?ler0n // sine exprVn lef_pinv ?posrE ?exprn_gt0 ?ltr0n //.
    by rewrite -natrX ler_nat.
  apply: lt_le_trans big; rewrite /bound al !card_ord.
  by have -> : C * (2 + 1)%:R * t / (1 / 2%:R) = C * 6%:R * t by field.
- split.
  + exact: strip_open.
  + move=> x /stripP[x1 x2]; rewrite /g_1; case: ifP => _; last by rewrite normr0 ltW.
    rewrite h_1 out2 out1 /= !dot_vec2 !mxE !mul0r !mul1r !add0r !addr0 !mulr1.
    move: (x 0 0) (x 0 1) x1 x2 => u v; rewrite !ltr_norml => /andP[/ltW u1 _] /andP[/ltW v1 /ltW v2].
    have two : 1 <= 2%:R :> R by rewrite ler1n.
    have t1 : t <= 1 by apply: le_trans tle _; rewrite invf_le1 ?ltr0n ?ler1n.
    have U : 0 <= u + 1 by rewrite -ler_subl_addr sub0r.
    have V : 0 <= v + t by rewrite -ler_subl_addr sub0r.
    have W : 0 <= 1 - t by rewrite subr_ge0.
    have h0 : 0 <= 2%:R^-1 :> R by apply: half_ge0.
    have four A B D : 0 <= A -> 0 <= B -> 0 <= D -> 0 <= A + (B + (D + 3%:R)) :> R.
      by move=> A0 B0 D0; rewrite !addr_ge0 ?ler0n.
    have first : 0 <= 2%:R^-1 * u + (4%:R - t / 4%:R).
      have -> : 2%:R^-1 * u + (4%:R - t / 4%:R) = 2%:R^-1 * (u + 1) + (4%:R^-1 * (1 - t) + (4%:R^-1 + 3%:R)) by field.
      by apply: four; rewrite ?mulr_ge0 ?invr_ge0 ?ler0n.
    have second : 0 <= 2%:R^-1 * u + 2%:R^-1 * v + 4%:R.
      have -> : 2%:R^-1 * u + 2%:R^-1 * v + 4%:R = 2%:R^-1 * (u + 1) + (2%:R^-1 * (v + t) + (2%:R^-1 * (1 - t) + 3%:R)) by field.
      by apply: four; apply: mulr_ge0.
    rewrite (relu_pos first) (relu_pos second).
    have -> : relu v + (2%:R^-1 * u + (4%:R - t / 4%:R)) - (2%:R^-1 * u + 2%:R^-1 * v + 4%:R)
      = relu v - (2%:R^-1 * v + t / 4%:R) by ring.
    have [v0|/ltW v0] := lerP 0 v; [rewrite (relu_pos v0)|rewrite (relu_neg v0)]; rewrite ler_norml; apply/andP; split; rewrite -subr_ge0.
    * have -> : v - (2%:R^-1 * v + t / 4%:R) - - t = 2%:R^-1 * v + 3%:R / 4%:R * t by field.
      by rewrite addr_ge0 ?mulr_ge0 ?divr_ge0 ?invr_ge0 ?ler0n // ltW.
    * have -> : t - (v - (2%:R^-1 * v + t / 4%:R)) = 2%:R^-1 * (t - v) + 3%:R / 4%:R * t by field.
      by rewrite addr_ge0 ?mulr_ge0 ?divr_ge0 ?invr_ge0 ?ler0n ?subr_ge0 // ltW.
    * have -> : 0 - (2%:R^-1 * v + t / 4%:R) - - t = 2%:R^-1 * - v + 3%:R / 4%:R * t by field.
      by rewrite addr_ge0 ?mulr_ge0 ?divr_ge0 ?invr_ge0 ?ler0n ?oppr_ge0 // ltW.
    * have -> : t - (0 - (2%:R^-1 * v + t / 4%:R)) = 2%:R^-1 * (v - - t) + 3%:R / 4%:R * t by field.
      by rewrite addr_ge0 ?mulr_ge0 ?divr_ge0 ?invr_ge0 ?ler0n ?subr_ge0 // ltW.
  + exists 0 => [|x]; first by rewrite /node /= dot0r addr0.
    rewrite /node /= dot_vec2 mul0r mul1r add0r addr0 => x1 near; apply/stripP; rewrite x1 normr0; split=> //.
    by apply: le_lt_trans (on_axis half_ge0 near) half_lt1.
  + by rewrite invr_gt0 ltr0n vec2_neq0 // oner_eq0 orbT.
  + by rewrite al oner_eq0 normr1; split=> //; apply: ten_t.
- split; first by apply/stripP; rewrite !mxE normr0 ltr01.
  by rewrite /observed_at /node /= !dot0r !add0r ler0n.
- by rewrite al ltr01.
Qed.
End Instances.
