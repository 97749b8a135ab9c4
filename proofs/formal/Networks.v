(** Two networks on a subspace: Lemma 1, the zero test, Theorems 1' and 2', the pairing of Corollary 1'.

    Certifies   one direction of the zero test (h = 0 on a ball: the mass of every hyperplane through its centre is 0);
                a student exactly on the teacher's hyperplane where g_1 = 0; a student at a small angle where h_k is small on a
                ball, even up to an affine function; |v_k . v_k'| for a student k' alone on its hyperplane.
    Does not    ask the rows of U to be orthonormal: angles and norms are those of p = w U^T.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

(** A two-layer ReLU network with d inputs, o outputs and hidden nodes N. *)
Record net (R : rcfType) (d o : nat) (N : finType) := Net {
  weight : N -> 'rV[R]_d; bias : N -> R; fanout : N -> 'rV[R]_o }.

Lemma dot_mulmx (R : rcfType) n (u v : 'rV[R]_n) : dot u v = (u *m v^T) 0 0.
Proof. by rewrite mxE; apply: eq_bigr => j _; rewrite mxE. Qed.

Section Network.
Variables (R : rcfType) (d o : nat) (N : finType) (f : net R d o N).
Definition node i (x : 'rV[R]_d) : R := dot (weight f i) x + bias f i.
Definition out (x : 'rV[R]_d) : 'rV[R]_o := \sum_i relu (node i x) *: fanout f i.
(** Lemma 1: nodes on the affine subspace x0 + (rows of U). *)
Variables (n : nat) (U : 'M[R]_(n, d)) (x0 : 'rV[R]_d).
Definition point (y : 'rV[R]_n) : 'rV[R]_d := x0 + y *m U.
Definition rp i : 'rV[R]_n := weight f i *m U^T.
Definition rb i : R := dot (weight f i) x0 + bias f i.
Theorem lemma_1 i y : node i (point y) = dot (rp i) y + rb i.
Proof.
have e : dot (weight f i) (y *m U) = dot (rp i) y by rewrite !dot_mulmx trmx_mul mulmxA.
by rewrite /node /point /rb dotDr e; ring.
Qed.
End Network.

Section Least.
Variables (R : rcfType) (I : finType).
Lemma below (P : pred I) (F : I -> R) (r : R) : 0 < r -> (forall i, P i -> 0 < F i) ->
  exists q, [/\ 0 < q, q <= r & forall i, P i -> q <= F i].
Proof.
move=> r0 pos.
suff [q [q0 qr qF]] : exists q, [/\ 0 < q, q <= r & forall i, i \in enum I -> P i -> q <= F i].
  by exists q; split => // i; apply: qF; rewrite mem_enum.
elim: (enum I) => [|i s [q [q0 qr qF]]]; first by exists r; split.
have [Pi|nPi] := boolP (P i); last first.
  exists q; split => // k; rewrite inE => /orP[/eqP->|]; last exact: qF.
  by rewrite (negbTE nPi).
exists (Num.min (F i) q); split; rewrite ?lt_minr ?pos //.
- by rewrite le_minl qr orbT.
- move=> k; rewrite inE => /orP[/eqP-> _|ks Pk]; rewrite le_minl ?lexx //.
  by rewrite qF ?orbT.
Qed.
End Least.

Section Parallel.
Variables (R : rcfType) (n : nat) (I : finType) (p : I -> 'rV[R]_n) (b : I -> R).
Lemma cosAZ (l : R) (u v : 'rV[R]_n) : l != 0 -> cosA (l *: u) v = cosA u v.
Proof.
move=> l0; rewrite /cosA dotZl normZ normrM -(mulrA `|l| (norm u)) -mulf_div divff ?mul1r //.
by rewrite normr_eq0.
Qed.
Lemma same_sinA i j v : same p b i j -> sinA (p i) v = sinA (p j) v.
Proof.
move=> s; have pi : p i != 0 by case/and3P: s.
by have [l [l0 -> _]] := sameP b j pi s; rewrite /sinA cosAZ.
Qed.
Lemma same_cosA i j v : same p b i j -> cosA (p i) v = cosA (p j) v.
Proof.
move=> s; have pi : p i != 0 by case/and3P: s.
by have [l [l0 -> _]] := sameP b j pi s; rewrite cosAZ.
Qed.
Lemma cosA_self (u : 'rV[R]_n) : u != 0 -> cosA u u = 1.
Proof.
move=> u0; rewrite /cosA -/(sq u) -expr2 sqr_norm ger0_norm ?sq_ge0 // divff //.
by rewrite sq_eq0.
Qed.
Lemma sinA_self (u : 'rV[R]_n) : u != 0 -> sinA u u = 0.
Proof. by move=> u0; rewrite /sinA cosA_self // expr1n subrr sqrtr0. Qed.

(** Parallel hyperplanes with a common point are one. *)
Lemma parallel_same i j x : p i != 0 -> p j != 0 -> sinA (p i) (p j) = 0 ->
  val p b i x = 0 -> val p b j x = 0 -> same p b i j.
Proof.
move=> pi pj s0 vi vj.
have cE := cosA_nu p i j.
have g2 : dot (nu p i) (nu p j) ^+ 2 = 1.
  have := sqr_sinA (p i) (p j); rewrite s0 expr0n cE real_normK ?num_real //.
  by move/eqP; rewrite eq_sym subr_eq0 => /eqP.
set g := dot (nu p i) (nu p j) in g2.
have e : nu p i = g *: nu p j.
  apply/eqP; rewrite -subr_eq0 -sq_eq0 -scaleNr sqDZ !sq_nu // dotC -/g.
  have -> : 1 + 2%:R * - g * g + (- g) ^+ 2 * 1 = 1 - g ^+ 2 by ring.
  by rewrite g2 subrr.
have b0 k : p k != 0 -> val p b k x = 0 -> be p b k = - dot (nu p k) x.
  move=> pk /eqP; rewrite val_nu // mulf_eq0 norm_eq0 (negbTE pk) /= addr_eq0 => /eqP ->.
  by rewrite opprK.
have eb : be p b i = g * be p b j by rewrite !b0 // e dotZl mulrN.
have : (g == 1) || (g == -1) by rewrite -eqf_sqr g2 expr1n.
rewrite /same pi pj /= e eb => /orP[] /eqP ->.
  by rewrite scale1r mul1r !eqxx.
by rewrite scaleN1r mulN1r !eqxx orbT.
Qed.

(** The same with the angle to be shown nonzero only in a small ball: zero on a ball kills every mass. *)
Theorem zero_test (c : I -> R) (a : 'rV[R]_n) (a0 : R) i0 x0 r :
  p i0 != 0 -> val p b i0 x0 = 0 -> 0 < r ->
  (forall y, sq (y - x0) <= r ^+ 2 -> h c p b a a0 y = 0) -> mass c p b i0 = 0.
Proof.
move=> p0 v0 r0 zero.
pose P i := (p i != 0) && (val p b i x0 != 0).
have [|q [q0 qr far]] := @below R I P (fun i => `|val p b i x0| / norm (p i)) r r0.
  by move=> i /andP[pi vi]; rewrite divr_gt0 ?normr_gt0 ?norm_gt0.
have small y : sq (y - x0) <= q ^+ 2 -> `|h c p b a a0 y| <= 0.
  move=> yq; rewrite zero ?normr0 //; apply: le_trans yq _.
  by rewrite ler_pexpn2r ?nnegrE // ltW.
have slanted i : opp c p b i0 x0 q i -> sinA (p i) (p i0) != 0.
  move=> /andP[/andP[/andP[pi _] neg] near]; apply/eqP => s0.
  have [vi|vi] := eqVneq (val p b i x0) 0.
    by move: neg; rewrite (same_mass c (parallel_same pi p0 s0 vi v0)) -expr2 ltNge sqr_ge0.
  have := far i; rewrite /P pi vi => /(_ isT); rewrite ler_pdivl_mulr ?norm_gt0 // leNgt.
  by move: near; rewrite /meets => ->.
have := theorem_A p0 v0 (ltW q0) small slanted.
rewrite mulr0 mul0r pmulr_lle0 // => le; apply/eqP; rewrite -normr_eq0.
by apply/eqP/le_anti; rewrite le normr_ge0.
Qed.
End Parallel.

Section TeacherStudent.
Variables (R : rcfType) (d o : nat) (T S : finType).
Variables (teacher : net R d o T) (student : net R d o S).
Variables (n : nat) (U : 'M[R]_(n, d)) (x0 : 'rV[R]_d).
Variable region : 'rV[R]_d -> Prop.
Variable k : S. (* the observer *)

Definition active (x : 'rV[R]_d) : bool := 0 <= node student k x.
Definition h_k (x : 'rV[R]_d) : R := dot (fanout student k) (out teacher x - out student x).
Definition g_1 (x : 'rV[R]_d) : R := if active x then h_k x else 0.
Definition alpha (i : T) : R := dot (fanout student k) (fanout teacher i).
Definition beta (i : S) : R := dot (fanout student k) (fanout student i).

Let I : finType := [finType of T + S].
Definition cI (i : I) : R := match i with inl t => alpha t | inr s => - beta s end.
Definition pI (i : I) : 'rV[R]_n :=
  match i with inl t => rp teacher U t | inr s => rp student U s end.
Definition bI (i : I) : R := match i with inl t => rb teacher x0 t | inr s => rb student x0 s end.

Lemma big_sumI (P : pred I) (F : I -> R) :
  \sum_(i | P i) F i = \sum_(t | P (inl t)) F (inl t) + \sum_(s | P (inr s)) F (inr s).
Proof.
rewrite (reindex_onto (fun i : I => i) (fun i => i)) //= -big_filter.
by rewrite big_filter big_mkcond /= big_sumType /= -!big_mkcond /=; congr (_ + _);
   apply: eq_bigl => i; rewrite eqxx andbT.
Qed.

Lemma h_k_ridge y : h_k (point U x0 y) = h cI pI bI 0 0 y.
Proof.
rewrite /h_k /out dotDr dotNr !dot_sumr /h dot0l !addr0 big_sumI /=; congr (_ + _).
  by apply: eq_bigr => t _; rewrite dotZr lemma_1 mulrC.
rewrite -sumrN; apply: eq_bigr => s _.
by rewrite dotZr lemma_1 mulNr mulrC.
Qed.

(** Kink masses of teachers and of students on the hyperplane of a node. *)
Definition kappa_T (i : I) : R :=
  \sum_(t | same pI bI i (inl t)) alpha t * norm (rp teacher U t).
Definition kappa_S (i : I) : R :=
  \sum_(s | same pI bI i (inr s)) beta s * norm (rp student U s).
Lemma mass_split i : mass cI pI bI i = kappa_T i - kappa_S i.
Proof.
rewrite /mass big_sumI /= -sumrN; congr (_ + _).
by apply: eq_bigr => s _; rewrite mulNr.
Qed.

Variables (j : T) (centre : 'rV[R]_n) (r eps : R).
Hypothesis pj : rp teacher U j != 0.
Hypothesis on_j : node teacher j (point U x0 centre) = 0.
(** The ball lies in the region, and the observer is active on it. *)
Hypothesis ball : forall y, sq (y - centre) <= r ^+ 2 ->
  region (point U x0 y) /\ active (point U x0 y).

Lemma on_H s : same pI bI (inl j) (inr s) ->
  exists l, [/\ l != 0, rp student U s = l *: rp teacher U j & rb student x0 s = l * rb teacher x0 j].
Proof. by move=> sm; have := sameP bI (inr s : I) (pj : pI (inl j) != 0) sm. Qed.

Lemma student_on_H : kappa_S (inl j) != 0 ->
  exists2 s, same pI bI (inl j) (inr s) & beta s != 0.
Proof.
move=> kS; have [s /andP[sm bs]|none] := pickP (fun s => same pI bI (inl j) (inr s) && (beta s != 0)).
  by exists s.
case/eqP: kS; apply: big1 => s sm; have := none s; rewrite sm /= => /negbFE/eqP->.
by rewrite mul0r.
Qed.

(** ** Theorem 1' *)
Theorem theorem_1' : 0 < r -> kappa_T (inl j) != 0 -> (forall x, region x -> g_1 x = 0) ->
  exists s l, [/\ l != 0, rp student U s = l *: rp teacher U j,
                  rb student x0 s = l * rb teacher x0 j & beta s != 0].
Proof.
move=> r0 kT zero.
have m0 : mass cI pI bI (inl j) = 0.
  apply: (@zero_test R n I pI bI cI 0 0 (inl j) centre r) => //.
    by rewrite /val -lemma_1.
  move=> y /ball[reg act]; rewrite -h_k_ridge.
  by have := zero _ reg; rewrite /g_1 act.
have [|s sm bs] := student_on_H.
  by move/eqP: m0; rewrite mass_split subr_eq0 => /eqP <-.
by have [l [l0 e1 e2]] := on_H sm; exists s, l.
Qed.

(** ** Theorem 2', student form *)
Let Opp i := opp cI pI bI (inl j) centre r i.
Definition has_student (i : I) : bool := [exists s, same pI bI (inr s) i].
Definition N_S : nat := #|[pred i | Opp i && has_student i]|.
Definition Gamma_T : R := \sum_(i | Opp i && ~~ has_student i) cotA (pI i) (rp teacher U j).

(** Only h_k on the ball matters, and only up to an affine function y |-> <a, y> + a0 of the subspace. *)
Theorem theorem_2'_local (a : 'rV[R]_n) (a0 : R) : 0 <= r ->
  (forall y, sq (y - centre) <= r ^+ 2 -> `|h_k (point U x0 y) + (dot a y + a0)| <= eps) ->
  (forall i, Opp i -> ~~ has_student i -> sinA (pI i) (rp teacher U j) != 0) ->
  let K := `|kappa_T (inl j)| * r in
  let Y := Num.sqrt (K ^+ 2 - (4%:R * eps) ^+ 2) in
  4%:R * eps < K -> 4%:R * eps * Gamma_T < Y ->
  exists s, rp student U s != 0 /\
    sinA (rp student U s) (rp teacher U j) * (Y - 4%:R * eps * Gamma_T)
      <= 4%:R * eps * N_S%:R * cosA (rp student U s) (rp teacher U j).
Proof.
move=> r0 small slT K Y KX room.
have pj' : pI (inl j) != 0 by [].
have v0 : val pI bI (inl j) centre = 0 by rewrite /val -lemma_1.
have small' y : sq (y - centre) <= r ^+ 2 -> `|h cI pI bI a a0 y| <= eps.
  by move=> /small; rewrite h_k_ridge /h dot0l !addr0.
have e0 : 0 <= eps := eps_ge0 small'.
have rhs_ge0 s : 0 <= 4%:R * eps * N_S%:R * cosA (rp student U s) (rp teacher U j).
  apply: mulr_ge0 (cosA_ge0 _ _); apply: mulr_ge0 (ler0n _ _).
  by apply: mulr_ge0 e0; apply: ler0n.
have done0 s : rp student U s != 0 -> sinA (rp student U s) (rp teacher U j) = 0 ->
  exists s', rp student U s' != 0 /\
    sinA (rp student U s') (rp teacher U j) * (Y - 4%:R * eps * Gamma_T)
      <= 4%:R * eps * N_S%:R * cosA (rp student U s') (rp teacher U j).
  by move=> ps s0; exists s; split => //; rewrite s0 mul0r.
have [kS|kS] := eqVneq (kappa_S (inl j)) 0; last first.
  have [s sm bs] := student_on_H kS; apply: (done0 s); first by case/and3P: sm.
  by rewrite -(@same_sinA _ _ _ _ _ _ _ _ sm) sinA_self.
have [i /andP[/andP[oi hi] /eqP s0]|slanted] :=
    pickP (fun i => Opp i && has_student i && (sinA (pI i) (rp teacher U j) == 0)).
  have /existsP[s sm] := hi; apply: (done0 s); first by case/and3P: sm.
  by rewrite -s0; apply: (same_sinA (i := inr s) _ sm).
have A := @theorem_A R n I cI pI bI a a0 (inl j) centre r eps pj' v0 r0 small'.
have {}A : K <= 4%:R * eps * Num.sqrt (1 + Gamma cI pI bI (inl j) centre r ^+ 2).
  rewrite /K -[kappa_T _]subr0 -kS -mass_split; apply: A => i oi.
  have [hi|hi] := boolP (has_student i); last exact: slT.
  by have := slanted i; rewrite /Opp oi hi /= => /negbT.
pose GS := \sum_(i | Opp i && has_student i) cotA (pI i) (rp teacher U j).
have GE : Gamma cI pI bI (inl j) centre r = GS + Gamma_T by rewrite /Gamma (bigID has_student).
have G0 : 0 <= GS + Gamma_T by rewrite addr_ge0 // sumr_ge0 // => i _; apply: cotA_ge0.
have Yle : Y <= 4%:R * eps * (GS + Gamma_T).
  have K0 : 0 <= K by rewrite mulr_ge0.
  have Y2 : Y ^+ 2 = K ^+ 2 - (4%:R * eps) ^+ 2.
    by rewrite sqr_sqrtr // subr_ge0 ler_pexpn2r ?nnegrE ?(ltW KX) // mulr_ge0 ?ler0n.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?sqrtr_ge0 // ?mulr_ge0 ?ler0n // Y2 ler_subl_addr.
  move: A; rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?mulr_ge0 ?ler0n ?sqrtr_ge0 //.
  rewrite GE (exprMn _ _ (Num.sqrt _)) sqr_sqrtr ?addr_ge0 ?ler01 ?sqr_ge0 // => A.
  by apply: le_trans A _; rewrite mulrDr mulr1 addrC (exprMn _ _ (GS + Gamma_T)).
have GSpos : Y - 4%:R * eps * Gamma_T <= 4%:R * eps * GS.
  by rewrite ler_subl_addr -mulrDr.
have [i1 oi1|none] := pickP (fun i => Opp i && has_student i); last first.
  move: GSpos; rewrite /GS big_pred0 // mulr0 subr_le0 => /(lt_le_trans room).
  by rewrite ltxx.
case: (arg_maxP (P := fun i => Opp i && has_student i) (fun i => cotA (pI i) (rp teacher U j)) oi1).
move=> i /andP[oi hi] most.
have GSle : GS <= N_S%:R * cotA (pI i) (rp teacher U j).
  have -> : N_S%:R * cotA (pI i) (rp teacher U j)
      = \sum_(l | Opp l && has_student l) cotA (pI i) (rp teacher U j).
    by rewrite sumr_const mulr_natl.
  by apply: ler_sum => l ol; apply: most.
have /existsP[s sm] := hi; exists s; split; first by case/and3P: sm.
have := same_sinA (rp teacher U j) sm; have := same_cosA (rp teacher U j) sm.
rewrite /= => -> ->; set Sn := sinA _ _.
have S0 : Sn != 0 by have := slanted i; rewrite oi hi /= => /negbT.
have -> : cosA (pI i) (rp teacher U j) = Sn * cotA (pI i) (rp teacher U j).
  by rewrite /cotA mulrC divfK.
rewrite mulrCA ler_wpmul2l ?sinA_ge0 //; apply: le_trans GSpos _.
by rewrite -[leRHS]mulrA ler_wpmul2l // mulr_ge0 ?ler0n.
Qed.

(** The ball lies in the region, the observer is active on it, and the gradient g_1 is small on the region. *)
Theorem theorem_2' : 0 <= r -> (forall x, region x -> `|g_1 x| <= eps) ->
  (forall i, Opp i -> ~~ has_student i -> sinA (pI i) (rp teacher U j) != 0) ->
  let K := `|kappa_T (inl j)| * r in
  let Y := Num.sqrt (K ^+ 2 - (4%:R * eps) ^+ 2) in
  4%:R * eps < K -> 4%:R * eps * Gamma_T < Y ->
  exists s, rp student U s != 0 /\
    sinA (rp student U s) (rp teacher U j) * (Y - 4%:R * eps * Gamma_T)
      <= 4%:R * eps * N_S%:R * cosA (rp student U s) (rp teacher U j).
Proof.
move=> r0 small; apply: (@theorem_2'_local 0 0 r0) => y /ball[reg act].
by rewrite dot0l !addr0; have := small _ reg; rewrite /g_1 act.
Qed.

(** ** Corollary 1', one observer: the pairing v_k . v_k' is small where no other node lies on the student's hyperplane. *)
Section Pairing.
Variable s : S.
Hypotheses (ps : rp student U s != 0) (on_s : node student s (point U x0 centre) = 0).
Hypothesis alone : forall i, same pI bI (inr s) i -> i = inr s.
Hypothesis slanted : forall i, opp cI pI bI (inr s) centre r i -> sinA (pI i) (rp student U s) != 0.

Theorem corollary_1'_pairing_local (a : 'rV[R]_n) (a0 : R) : 0 <= r ->
  (forall y, sq (y - centre) <= r ^+ 2 -> `|h_k (point U x0 y) + (dot a y + a0)| <= eps) ->
  `|beta s| * (norm (rp student U s) * r) <= 4%:R * eps * Num.sqrt (1 + Gamma cI pI bI (inr s) centre r ^+ 2).
Proof.
move=> r0 small; have v0 : val pI bI (inr s) centre = 0 by rewrite /val -lemma_1.
have small' y : sq (y - centre) <= r ^+ 2 -> `|h cI pI bI a a0 y| <= eps.
  by move=> /small; rewrite h_k_ridge /h dot0l !addr0.
have mE : mass cI pI bI (inr s) = - beta s * norm (rp student U s).
  rewrite /mass (bigD1 (inr s)) ?same_refl //= big1 ?addr0 // => i /andP[si].
  by rewrite (alone si) eqxx.
have := @theorem_A R n I cI pI bI a a0 (inr s) centre r eps ps v0 r0 small' slanted.
by rewrite mE normrM normrN (ger0_norm (norm_ge0 _)) mulrA.
Qed.

Theorem corollary_1'_pairing : 0 <= r -> (forall x, region x -> `|g_1 x| <= eps) ->
  `|beta s| * (norm (rp student U s) * r) <= 4%:R * eps * Num.sqrt (1 + Gamma cI pI bI (inr s) centre r ^+ 2).
Proof.
move=> r0 small; apply: (@corollary_1'_pairing_local 0 0 r0) => y /ball[reg act].
by rewrite dot0l !addr0; have := small _ reg; rewrite /g_1 act.
Qed.
End Pairing.
End TeacherStudent.
