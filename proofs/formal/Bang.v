(** Bang's lemma: a point outside of many thin slabs.

    Certifies   inner products and norms of rows; Cauchy-Schwarz; for unit vectors u_i, reals m_i and widths w_i >= 0 a
                combination s of the u_i with |s| <= sum w_i and |<u_i, s> - m_i| >= w_i for all i; any dimension, any
                real closed field.
    Does not    ask u_i to be a unit vector where w_i = 0.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Dot.
Variables (R : rcfType) (n : nat).
Implicit Types (u v w : 'rV[R]_n) (k : R).

Definition dot u v : R := \sum_j u 0 j * v 0 j.
Definition sq u : R := dot u u.
Definition norm u : R := Num.sqrt (sq u).

Lemma dotC u v : dot u v = dot v u.
Proof. by apply: eq_bigr => j _; rewrite mulrC. Qed.
Lemma dotDl u v w : dot (u + v) w = dot u w + dot v w.
Proof. by rewrite -big_split; apply: eq_bigr => j _; rewrite mxE mulrDl. Qed.
Lemma dotZl k u v : dot (k *: u) v = k * dot u v.
Proof. by rewrite mulr_sumr; apply: eq_bigr => j _; rewrite mxE mulrA. Qed.
Lemma dotDr u v w : dot u (v + w) = dot u v + dot u w.
Proof. by rewrite !(dotC u) dotDl. Qed.
Lemma dotZr k u v : dot u (k *: v) = k * dot u v.
Proof. by rewrite !(dotC u) dotZl. Qed.
Lemma dotNl u v : dot (- u) v = - dot u v.
Proof. by rewrite -scaleN1r dotZl mulN1r. Qed.
Lemma dotNr u v : dot u (- v) = - dot u v.
Proof. by rewrite !(dotC u) dotNl. Qed.
Lemma dot0l v : dot 0 v = 0.
Proof. by rewrite -(scale0r 0) dotZl mul0r. Qed.
Lemma dot0r v : dot v 0 = 0.
Proof. by rewrite dotC dot0l. Qed.
Lemma dot_suml (I : finType) (P : pred I) (F : I -> 'rV[R]_n) v :
  dot (\sum_(i | P i) F i) v = \sum_(i | P i) dot (F i) v.
Proof. by elim/big_rec2: _ => [|i x y _ <-]; rewrite ?dot0l ?dotDl. Qed.
Lemma dot_sumr (I : finType) (P : pred I) (F : I -> 'rV[R]_n) v :
  dot v (\sum_(i | P i) F i) = \sum_(i | P i) dot v (F i).
Proof. by rewrite dotC dot_suml; apply: eq_bigr => i _; rewrite dotC. Qed.

Lemma sq_ge0 u : 0 <= sq u.
Proof. by apply: sumr_ge0 => j _; rewrite -expr2 sqr_ge0. Qed.
Lemma sq_eq0 u : (sq u == 0) = (u == 0).
Proof.
apply/eqP/eqP => [h|->]; last by rewrite /sq dot0l.
apply/rowP => j; rewrite mxE; apply/eqP; rewrite -sqrf_eq0 expr2.
move: h => /eqP; rewrite psumr_eq0 => [|k _]; last by rewrite -expr2 sqr_ge0.
by move/allP/(_ j); rewrite mem_index_enum => /(_ isT).
Qed.
Lemma norm_ge0 u : 0 <= norm u. Proof. exact: sqrtr_ge0. Qed.
Lemma sqr_norm u : norm u ^+ 2 = sq u. Proof. by rewrite sqr_sqrtr // sq_ge0. Qed.
Lemma norm_eq0 u : (norm u == 0) = (u == 0).
Proof. by rewrite -sqrf_eq0 sqr_norm sq_eq0. Qed.
Lemma norm_gt0 u : (0 < norm u) = (u != 0).
Proof. by rewrite lt_def norm_ge0 norm_eq0 andbT. Qed.
Lemma sqZ k u : sq (k *: u) = k ^+ 2 * sq u.
Proof. by rewrite /sq dotZl dotZr; ring. Qed.
Lemma normZ k u : norm (k *: u) = `|k| * norm u.
Proof. by rewrite /norm sqZ sqrtrM ?sqr_ge0 // sqrtr_sqr. Qed.
Lemma normN u : norm (- u) = norm u.
Proof. by rewrite -scaleN1r normZ normrN1 mul1r. Qed.
Lemma sqDZ u k v : sq (u + k *: v) = sq u + 2%:R * k * dot v u + k ^+ 2 * sq v.
Proof. by rewrite /sq !dotDl !dotDr !dotZl !dotZr (dotC u v); ring. Qed.

(** Cauchy-Schwarz. *)
Lemma CS2 u v : dot u v ^+ 2 <= sq u * sq v.
Proof.
have [->|v0] := eqVneq v 0; first by rewrite dot0r /sq dot0l mulr0 expr0n.
have pos : 0 < sq v by rewrite lt_def sq_ge0 sq_eq0 v0.
have := sq_ge0 (u + (- (dot v u / sq v)) *: v); rewrite sqDZ => h.
have e : sq v * (sq u + 2%:R * - (dot v u / sq v) * dot v u
                 + (- (dot v u / sq v)) ^+ 2 * sq v) = sq u * sq v - dot u v ^+ 2.
  by rewrite (dotC u v); field; rewrite gt_eqF.
by rewrite -subr_ge0 -e mulr_ge0 // ltW.
Qed.
Lemma CS u v : `|dot u v| <= norm u * norm v.
Proof.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?normr_ge0 ?mulr_ge0 ?norm_ge0 //.
by rewrite exprMn !sqr_norm real_normK ?num_real // CS2.
Qed.
End Dot.

(** ** Bang's lemma
    Signs e that maximise |s|^2 - 2 sum e_i w_i m_i give a point s outside all slabs. *)
Section Bang.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (u : I -> 'rV[R]_n) (m w : I -> R).
Hypothesis unit : forall i, w i != 0 -> sq (u i) = 1.
Hypothesis w0 : forall i, 0 <= w i.

Let sg (e : {ffun I -> bool}) i : R := (-1) ^+ e i.
Let pt e := \sum_i (sg e i * w i) *: u i.
Let F e := sq (pt e) - 2%:R * \sum_i sg e i * w i * m i.
Let flip (e : {ffun I -> bool}) i : {ffun I -> bool} := [ffun j => if j == i then ~~ e j else e j].

Lemma flip_pt e i : pt (flip e i) = pt e + (- (2%:R * (sg e i * w i))) *: u i.
Proof.
rewrite /pt (bigD1 i) //= [X in X + _ = _]/= (bigD1 i (P := xpredT)) //=.
have -> : \sum_(j | j != i) (sg (flip e i) j * w j) *: u j = \sum_(j | j != i) (sg e j * w j) *: u j.
  by apply: eq_bigr => j ji; rewrite /sg ffunE (negbTE ji).
rewrite addrAC -scalerDl; congr (_ *: _ + _).
by rewrite /sg ffunE eqxx signrN; move: ((-1) ^+ _ : R) => a; ring.
Qed.

Lemma flip_sum e i : \sum_j sg (flip e i) j * w j * m j =
  \sum_j sg e j * w j * m j - 2%:R * (sg e i * w i * m i).
Proof.
rewrite (bigD1 i) //= [in RHS](bigD1 i) //=.
have -> : \sum_(j | j != i) sg (flip e i) j * w j * m j = \sum_(j | j != i) sg e j * w j * m j.
  by apply: eq_bigr => j ji; rewrite /sg ffunE (negbTE ji).
move: (\sum_(j | j != i) _) => S.
by rewrite /sg ffunE eqxx signrN; move: ((-1) ^+ _ : R) => a; ring.
Qed.

Lemma pt_short e : sq (pt e) <= (\sum_i w i) ^+ 2.
Proof.
rewrite /sq dot_suml expr2 mulr_suml; apply: ler_sum => i _.
rewrite dot_sumr mulr_sumr; apply: ler_sum => j _.
apply: le_trans (ler_norm _) _.
rewrite dotZl dotZr !normrM !normr_sign !mul1r !(ger0_norm (w0 _)).
have [->|wi] := eqVneq (w i) 0; first by rewrite !mul0r.
have [->|wj] := eqVneq (w j) 0; first by rewrite mul0r !mulr0.
rewrite -[leRHS]mulr1 -mulrA ler_wpmul2l // ler_wpmul2l //.
by apply: le_trans (CS _ _) _; rewrite /norm !unit // sqrtr1 mulr1.
Qed.

Theorem bang : exists s : 'rV[R]_n,
  [/\ (exists k : I -> R, s = \sum_i k i *: u i /\ forall i, w i = 0 -> k i = 0),
      sq s <= (\sum_i w i) ^+ 2
    & forall i, w i <= `|dot (u i) s - m i|].
Proof.
case: (@arg_maxP _ _ _ (finfun (fun=> false)) xpredT F isT) => e _ best.
exists (pt e); split; last 1 first; rewrite ?pt_short //.
- move=> i; have [->|wi] := eqVneq (w i) 0; first exact: normr_ge0.
  have wpos : 0 < w i by rewrite lt_def wi w0.
  have s2 : sg e i ^+ 2 = 1 by rewrite /sg sqrr_sign.
  have : 0 <= F e - F (flip e i) by rewrite subr_ge0; apply: (best _ isT).
  rewrite /F flip_pt flip_sum sqDZ unit //; set A := sq _; set B := \sum_j _; set g := dot _ _.
  have -> : A - 2%:R * B - (A + 2%:R * - (2%:R * (sg e i * w i)) * g
      + (- (2%:R * (sg e i * w i))) ^+ 2 * 1 - 2%:R * (B - 2%:R * (sg e i * w i * m i)))
    = (4%:R * w i) * (sg e i * (g - m i) - sg e i ^+ 2 * w i) by ring.
  rewrite s2 mul1r pmulr_rge0 ?mulr_gt0 ?ltr0n // subr_ge0 => h.
  apply: le_trans h _; apply: le_trans (ler_norm _) _.
  by rewrite normrM /sg normr_sign mul1r.
- by exists (fun i => sg e i * w i); split => // i ->; rewrite mulr0.
Qed.
End Bang.
