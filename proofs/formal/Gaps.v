(** Theorem B, Lemmas 1 and 2: two pairs of lines around a gap, and a gap that is long together with its neighbours.

    Certifies   that the two largest quotients of a gap are at most those of its length and of its length with both neighbours;
                that some gap and its neighbours leave no more than equal gaps do.
    Does not    need an order: the lines on each side of a gap are a finite set (Lemma 1).
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Phi.
Variables (R : rcfType) (c K : R).
Implicit Types (y z g G : R).
Hypothesis K0 : 0 <= K.
(** What a gap of length y costs: one over a height, at least c. *)
Definition cost y : R := Num.max c (K / y).

Lemma cost_le y z : 0 < y -> y <= z -> cost z <= cost y.
Proof.
move=> y0 yz; rewrite /cost le_maxl !le_maxr lexx /=; apply/orP; right.
by rewrite ler_wpmul2l // lef_pinv ?posrE // (lt_le_trans y0).
Qed.

(** 1/y is convex: of two lengths with a given sum the most different ones cost most. *)
Lemma inverse_convex g G y z : 0 < g -> g <= y -> g <= z -> g + G <= y + z -> y <= G -> z <= G -> y^-1 + z^-1 <= g^-1 + G^-1.
Proof.
move=> g0 gy gz sum yG zG; have y0 := lt_le_trans g0 gy; have z0 := lt_le_trans g0 gz; have G0 := lt_le_trans y0 yG.
have low : 0 < g + G - y by rewrite -addrA ltr_paddr // subr_ge0.
apply: (@le_trans _ _ (y^-1 + (g + G - y)^-1)).
  by rewrite ler_add2l lef_pinv ?posrE // ler_subl_addl.
rewrite -subr_ge0.
have -> : g^-1 + G^-1 - (y^-1 + (g + G - y)^-1) = (g + G) * ((y - g) * (G - y)) / (g * G * (y * (g + G - y))).
  by field; rewrite !gt_eqF.
apply: divr_ge0; last by do !apply: mulr_ge0; exact: ltW.
by apply: mulr_ge0; [rewrite addr_ge0 ?ltW|rewrite mulr_ge0 ?subr_ge0].
Qed.

Lemma cost_convex g G y z : 0 < g -> g <= G -> g <= y -> g <= z -> g + G <= y + z -> cost y + cost z <= cost g + cost G.
Proof.
move=> g0 gG gy gz sum; have G0 := lt_le_trans g0 gG.
have [Gy|/ltW yG] := lerP G y; first by rewrite addrC ler_add ?cost_le.
have [Gz|/ltW zG] := lerP G z; first by rewrite ler_add ?cost_le.
have [y0 z0] := (lt_le_trans g0 gy, lt_le_trans g0 gz).
have few := inverse_convex g0 gy gz sum yG zG.
have c1 a : c <= cost a by rewrite le_maxr lexx.
have k1 a : K / a <= cost a by rewrite le_maxr lexx orbT.
have up a : 0 < a -> g <= a -> K / a <= cost g by move=> *; apply: le_trans (k1 a) (cost_le _ _).
rewrite [cost y + _]addr_maxl [c + _]addr_maxr [K / y + _]addr_maxr !le_maxl -andbA; apply/and4P; split.
- by apply: ler_add.
- by rewrite addrC ler_add ?up.
- by rewrite ler_add ?up.
- by rewrite -mulrDr; apply: le_trans (ler_wpmul2l K0 few) _; rewrite mulrDr ler_add.
Qed.
End Phi.

(** Lemma 1: lines of slopes at most gamma, on the left and on the right of a gap of length g; two different ones on the left
    and two on the right are apart by g + G in all. *)
Section Pairs.
Variables (R : rcfType) (E : finType) (O S : E -> R) (left right : pred E) (c gamma g G : R).
Hypotheses (c0 : 0 <= c) (g0 : 0 < g) (gG : g <= G) (gamma0 : 0 <= gamma).
Hypothesis slopes : forall i, `|S i| <= gamma.
Hypothesis apart : forall i l, left i -> right l -> g <= O l - O i.
Hypothesis apart2 : forall i k l m, left i -> left k -> i != k -> right l -> right m -> l != m ->
  g + G <= (O l - O i) + (O m - O k).

Let pair (p : E * E) := left p.1 && right p.2.
Let D (p : E * E) := O p.2 - O p.1.
Let K := 2%:R * gamma.
Let K0 : 0 <= K. Proof. by rewrite mulr_ge0 ?ler0n. Qed.

Lemma pair_D p : pair p -> g <= D p. Proof. by case/andP; exact: apart. Qed.

(** One over the largest height that all pairs leave: e = 1 upwards, e = -1 downwards. *)
Let quotient (e : bool) p := (-1) ^+ e * (S p.1 - S p.2) / D p.
Lemma quotient_le e p : pair p -> quotient e p <= K / D p.
Proof.
move=> /pair_D gD; rewrite ler_pmul2r ?invr_gt0 ?(lt_le_trans g0) //.
apply: le_trans (ler_norm _) _; rewrite normrMsign; apply: le_trans (ler_norm_sub _ _) _.
by rewrite /K mulrDl mul1r ler_add.
Qed.

Lemma largest e (y : R) : (exists p, [/\ pair p, y < quotient e p & forall q, pair q -> quotient e q <= quotient e p])
  \/ forall p, pair p -> quotient e p <= y.
Proof.
have [[p /andP[Pp yp]]|none] := altP (@existsP _ (fun p => pair p && (y < quotient e p))); last first.
  by right=> p Pp; rewrite leNgt; apply/negP => yp; case/existsP: none; exists p; rewrite Pp.
left; case: (@arg_maxP _ _ _ p pair (quotient e) Pp) => q Pq most.
by exists q; split => //; apply: lt_le_trans yp (most _ _).
Qed.

Theorem pairs : exists a b, [/\ c <= a, c <= b, forall i l, left i -> right l -> S i - S l <= a * (O l - O i),
  forall i l, left i -> right l -> S l - S i <= b * (O l - O i) & a + b <= cost c K g + cost c K G].
Proof.
have met e a : (forall p, pair p -> quotient e p <= a) -> forall p, pair p -> (-1) ^+ e * (S p.1 - S p.2) <= a * D p.
  by move=> le p Pp; rewrite -ler_pdivr_mulr ?le // (lt_le_trans g0) // pair_D.
suff [a [b [ca cb qa qb sum]]] : exists a b, [/\ c <= a, c <= b, forall p, pair p -> quotient false p <= a,
    forall p, pair p -> quotient true p <= b & a + b <= cost c K g + cost c K G].
  exists a, b; split => // i l Li Rl; have Pp : pair (i, l) by rewrite /pair Li.
    by have := met _ _ qa _ Pp; rewrite expr0 mul1r.
  by have := met _ _ qb _ Pp; rewrite expr1 mulN1r opprB.
have cc y : c <= cost c K y by rewrite le_maxr lexx.
have all e p : pair p -> quotient e p <= cost c K g.
  move=> Pp; apply: le_trans (quotient_le e Pp) _; apply: le_trans (cost_le c K0 g0 (pair_D Pp)).
  by rewrite le_maxr lexx orbT.
have [[p [Pp yp most]]|small] := largest false (cost c K G); last first.
  by exists (cost c K G), (cost c K g); split => //; [exact: all|rewrite addrC].
have [[q [Pq yq mosq]]|small] := largest true (cost c K G); last first.
  by exists (cost c K g), (cost c K G); split => //; exact: all.
exists (quotient false p), (quotient true q); split => //; try by apply: le_trans (cc G) (ltW _).
have [Dp Dq] := (pair_D Pp, pair_D Pq); have [Dp0 Dq0] := (lt_le_trans g0 Dp, lt_le_trans g0 Dq).
have Kg : K / g <= cost c K g + cost c K G.
  by apply: le_trans (_ : cost c K g <= _); rewrite ?le_maxr ?lexx ?orbT // ler_addl (le_trans c0).
have low i : 0 <= gamma + S i by rewrite addrC -ler_subl_addr sub0r; have := slopes i; rewrite ler_norml => /andP[].
have high i : 0 <= gamma - S i by rewrite subr_ge0; have := slopes i; rewrite ler_norml => /andP[].
have under a d : 0 <= a -> g <= d -> a / d <= a / g.
  by move=> a0 gd; rewrite ler_wpmul2l // lef_pinv ?posrE // (lt_le_trans g0).
have E1 : quotient false p + quotient true q = (S p.1 - S p.2) / D p + (S q.2 - S q.1) / D q.
  by rewrite /quotient expr0 expr1 mul1r mulN1r opprB.
have [same1|ne1] := eqVneq p.1 q.1.
  rewrite E1 -same1; apply: le_trans Kg.
  have -> : K / g = (gamma + S p.1) / g + (gamma - S p.1) / g by rewrite -mulrDl; congr (_ / _); rewrite /K; ring.
  apply: ler_add; [apply: le_trans (under _ _ (low p.1) Dp)|apply: le_trans (under _ _ (high p.1) Dq)].
    by rewrite ler_pmul2r ?invr_gt0 // [leRHS]addrC ler_add2l -subr_ge0 opprK low.
  by rewrite ler_pmul2r ?invr_gt0 // ler_add2r -subr_ge0 high.
have [same2|ne2] := eqVneq p.2 q.2.
  rewrite E1 -same2; apply: le_trans Kg.
  have -> : K / g = (gamma - S p.2) / g + (gamma + S p.2) / g by rewrite -mulrDl; congr (_ / _); rewrite /K; ring.
  apply: ler_add; [apply: le_trans (under _ _ (high p.2) Dp)|apply: le_trans (under _ _ (low p.2) Dq)].
    by rewrite ler_pmul2r ?invr_gt0 // ler_add2r -subr_ge0 high.
  by rewrite ler_pmul2r ?invr_gt0 // [leRHS]addrC ler_add2l -subr_ge0 opprK low.
have far : g + G <= D p + D q.
  by move/andP: Pp => [Lp Rp]; move/andP: Pq => [Lq Rq]; apply: apart2.
apply: le_trans (cost_convex c K0 g0 gG Dp Dq far).
by apply: ler_add; apply: le_trans (quotient_le _ _) _; rewrite // le_maxr lexx orbT.
Qed.
End Pairs.

(** Lemma 2: gaps e_0, .., e_N, mirrored at both ends, of mean mu: some e_k is at least mu, and at least 3 mu with its neighbours,
    or nearly so and longer itself. *)
Section Long.
Variables (R : rcfType) (e : nat -> R) (N : nat) (mu : R).
(** What stands on both sides of gap k: next to an end it is the mirror's. *)
Definition neighbours k : R := e (if k == 0 then 1 else k.-1)%N + e (if k == N then N.-1 else k.+1)%N.
Hypothesis N0 : (0 < N)%N.
Hypothesis total : \sum_(k < N) (e k + e k.+1) = (2 * N)%:R * mu.

Let y k := e k - mu.
Let up k := if mu <= e k then y k + y k.+1 else 0.
Let down k := if mu <= e k then y k + y k.-1 else 0.
Let T k := (if k == N then 0 else up k) + (if k == 0%N then 0 else down k).

Lemma total0 : \sum_(k < N) (y k + y k.+1) = 0.
Proof.
transitivity (\sum_(k < N) (e k + e k.+1) - \sum_(k < N) (mu + mu)).
  by rewrite -sumrB; apply: eq_bigr => k _; rewrite /y; ring.
rewrite total sumr_const card_ord -mulr_natl natrM; ring.
Qed.

Lemma long_gap : exists k, [/\ (k <= N)%N, mu <= e k & 4%:R * mu <= 2%:R * e k + neighbours k].
Proof.
suff [k] : exists k : 'I_N.+1, (mu <= e k) && (4%:R * mu <= 2%:R * e k + neighbours k).
  by case/andP=> long far; exists k; split => //; rewrite -ltnS.
apply/existsP; apply: contraT => /existsPn none.
have T_neg (k : 'I_N.+1) : mu <= e k -> T k < 0.
  move=> long; have := none k; rewrite long -ltNge /= /T /up /down long -[_ < 4%:R * mu]subr_lt0.
  have : (k <= N)%N by rewrite -ltnS.
  move: (val k) long => {k} k long kN; rewrite /neighbours.
  have [kE|k0] := eqVneq k 0%N.
    rewrite kE eq_sym eqn0Ngt N0 /= addr0 => h; rewrite -(pmulr_rlt0 _ (ltr0Sn R 1)).
    by move: h; congr (is_true (_ < 0)); rewrite /y; ring.
  have [kE'|k1] := eqVneq k N.
    rewrite add0r kE' => h; rewrite -(pmulr_rlt0 _ (ltr0Sn R 1)).
    by move: h; congr (is_true (_ < 0)); rewrite /y; ring.
  by congr (is_true (_ < 0)); rewrite /y; ring.
have T_le (k : 'I_N.+1) : 0 <= - T k.
  have [/T_neg|short] := boolP (mu <= e k); first by rewrite oppr_ge0 => /ltW.
  by rewrite /T /up /down (negbTE short) !if_same addr0 oppr0.
have sumT : \sum_(k < N.+1) T k = \sum_(k < N) (up k + down k.+1).
  rewrite !big_split /= [X in X + _]big_ord_recr [X in _ + X]big_ord_recl /= eqxx addr0 add0r; congr (_ + _).
  by apply: eq_bigr => k _; rewrite ltn_eqF.
have edge k : y k + y k.+1 <= up k + down k.+1.
  have yE j : (mu <= e j) = (0 <= y j) by rewrite subr_ge0.
  rewrite /up /down !yE /=; case: (lerP 0 (y k)) => a; case: (lerP 0 (y k.+1)) => b.
  - by rewrite [y k.+1 + _]addrC ler_addl addr_ge0.
  - by rewrite addr0.
  - by rewrite add0r addrC.
  - by rewrite addr0 -[leRHS]addr0 ler_add ?ltW.
have sum0 : \sum_(k < N.+1) - T k = 0.
  apply/eqP; rewrite eq_le sumr_ge0 ?andbT => [|k _]; last exact: T_le.
  by rewrite sumrN oppr_le0 sumT -[leLHS]total0; apply: ler_sum => k _; exact: edge.
have short (k : 'I_N.+1) : y k < 0.
  rewrite subr_lt0 ltNge; apply/negP => /T_neg; rewrite -oppr_gt0.
  by rewrite (psumr_eq0P (fun i _ => T_le i) sum0) ?ltxx.
have neg (k : 'I_N) : y k + y k.+1 < 0.
  by rewrite -[ltRHS]addr0 ltr_add //; [apply: (short (widen_ord (leqnSn N) k))|apply: (short (lift ord0 k))].
have pos (k : 'I_N) : 0 <= - (y k + y k.+1) by rewrite oppr_ge0 ltW.
suff z : \sum_(k < N) - (y k + y k.+1) = 0.
  by have := neg (Ordinal N0); rewrite -oppr_gt0 (psumr_eq0P (fun k _ => pos k) z) ?ltxx.
by rewrite sumrN total0 oppr0.
Qed.

Hypothesis mu0 : 0 < mu.
Hypothesis e0 : forall k, (k <= N)%N -> 0 <= e k.
Lemma neighbours_ge0 k : (k <= N)%N -> 0 <= neighbours k.
Proof. by move=> kN; rewrite addr_ge0 ?e0 //; case: eqP; lia. Qed.

Theorem gaps c K : 0 <= K -> exists k, [/\ (k <= N)%N, 0 < e k
  & cost c K (e k) + cost c K (e k + neighbours k) <= cost c K mu + cost c K (3%:R * mu)].
Proof.
move=> K0; have [k [kN long far]] := long_gap; have n0 := neighbours_ge0 kN.
exists k; split; rewrite ?(lt_le_trans mu0) //; apply: cost_convex => //.
- by rewrite ler_pmull ?ler1n.
- by apply: le_trans long _; rewrite ler_addl.
- by move: far; congr (is_true (_ <= _)); ring.
Qed.
End Long.
