(** Creases of a sum of ReLU nodes: the second difference, hyperplanes, kink masses.

    Certifies   the second difference of a node; that two nodes have one hyperplane iff one is a multiple of the other
                (either sign); that the second difference of a sum sees nodes only through the kink masses of hyperplanes.
    Does not    count nodes with p = 0: they have no hyperplane.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Relu.
Variable R : rcfType.
Implicit Types z d : R.
Definition relu z : R := Num.max 0 z.
Lemma relu_ge0 z : 0 <= relu z. Proof. by rewrite le_maxr lexx. Qed.
Lemma relu_pos z : 0 <= z -> relu z = z. Proof. by move=> h; apply/max_idPr. Qed.
Lemma relu_neg z : z <= 0 -> relu z = 0. Proof. by move=> h; apply/max_idPl. Qed.
Lemma reluN z : relu (- z) = relu z - z.
Proof.
have [h|/ltW h] := lerP 0 z; first by rewrite (relu_pos h) relu_neg ?oppr_le0 // subrr.
by rewrite (relu_neg h) relu_pos ?oppr_ge0 // add0r.
Qed.
Lemma reluM k z : 0 <= k -> relu (k * z) = k * relu z.
Proof. by move=> h; rewrite /relu maxr_pmulr // mulr0. Qed.

(** The second difference of a node. *)
Theorem second_difference z d :
  relu (z + d) + relu (z - d) - 2%:R * relu z = relu (`|d| - `|z|).
Proof.
have key z' d' : 0 <= d' -> 0 <= z' ->
    relu (z' + d') + relu (z' - d') - 2%:R * relu z' = relu (`|d'| - `|z'|).
  move=> hd hz; rewrite !ger0_norm // (relu_pos (addr_ge0 hz hd)) (relu_pos hz).
  by rewrite -(opprB z' d') reluN; ring.
have key2 z' d' : 0 <= d' ->
    relu (z' + d') + relu (z' - d') - 2%:R * relu z' = relu (`|d'| - `|z'|).
  move=> hd; have [hz|/ltW hz] := lerP 0 z'; first exact: key.
  rewrite -(normrN z') -key ?oppr_ge0 // reluN.
  have -> : - z' + d' = - (z' - d') by ring.
  have -> : - z' - d' = - (z' + d') by ring.
  by rewrite !reluN; ring.
have [hd|/ltW hd] := lerP 0 d; first exact: key2.
have := key2 z (- d); rewrite oppr_ge0 opprK normrN => <- //.
by rewrite [relu (z + d) + _]addrC.
Qed.
End Relu.

Section Ridge.
Variables (R : rcfType) (n : nat) (I : finType).
(** h y = sum_i c_i relu (<p_i, y> + b_i) + <a, y> + a0 *)
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R).
Implicit Types (x y v : 'rV[R]_n) (i j : I).

Definition val i y : R := dot (p i) y + b i.
Definition h y : R := \sum_i c i * relu (val i y) + (dot a y + a0).
Definition nu i : 'rV[R]_n := (norm (p i))^-1 *: p i.
Definition be i : R := (norm (p i))^-1 * b i.

(** Two nodes have one hyperplane, of either orientation. *)
Definition same i j : bool := [&& p i != 0, p j != 0 &
  ((nu i == nu j) && (be i == be j)) || ((nu i == - nu j) && (be i == - be j))].
(** Kink mass of the hyperplane of node i, and one node for each hyperplane. *)
Definition mass i : R := \sum_(j | same i j) c j * norm (p j).
Definition rep i : I := if [pick j | same i j] is Some j then j else i.
Definition isrep i : bool := (p i != 0) && (rep i == i).

Definition gap i x v : R := relu (`|dot (nu i) v| - `|dot (nu i) x + be i|).

Lemma p_nu i : p i = norm (p i) *: nu i.
Proof.
have [p0|p0] := eqVneq (p i) 0; first by rewrite /nu p0 !scaler0.
by rewrite scalerA divff ?scale1r // norm_eq0.
Qed.
Lemma sq_nu i : p i != 0 -> sq (nu i) = 1.
Proof. by move=> h; rewrite sqZ -sqr_norm exprVn mulVf // expf_neq0 ?norm_eq0. Qed.
Lemma val_nu i y : p i != 0 -> val i y = norm (p i) * (dot (nu i) y + be i).
Proof.
by move=> h; rewrite mulrDr -dotZl -p_nu /be mulrA divff ?mul1r // norm_eq0.
Qed.

Lemma same_refl i : p i != 0 -> same i i.
Proof. by move=> h; rewrite /same h !eqxx. Qed.
Lemma same_sym i j : same i j = same j i.
Proof.
rewrite /same andbCA; do 2!congr (_ && _).
have flip (V : zmodType) (u w : V) : (u == - w) = (w == - u) by rewrite eq_sym eqr_oppLR.
by rewrite (eq_sym (nu i)) (eq_sym (be i)) (flip _ (nu i)) (flip _ (be i)).
Qed.
Lemma same_trans i j k : same i j -> same j k -> same i k.
Proof.
move=> /and3P[pi pj e1] /and3P[_ pk e2]; rewrite /same pi pk /=.
move: e1 e2 => /orP[]/andP[/eqP-> /eqP->] /orP[]/andP[/eqP-> /eqP->];
by rewrite ?opprK !eqxx ?orbT.
Qed.
Lemma sameP i j : p i != 0 ->
  reflect (exists l, [/\ l != 0, p j = l *: p i & b j = l * b i]) (same i j).
Proof.
move=> pi; have ni : norm (p i) != 0 by rewrite norm_eq0.
apply: (iffP idP) => [/and3P[_ pj e]|[l [l0 ej bj]]].
  have nj : norm (p j) != 0 by rewrite norm_eq0.
  have [s s1 [e1 e2]] : exists2 s : R, s ^+ 2 = 1 & nu i = s *: nu j /\ be i = s * be j.
    move/orP: e => [|] /andP[/eqP-> /eqP->].
      by exists 1; rewrite ?expr1n // scale1r mul1r.
    by exists (-1); rewrite ?sqrrN ?expr1n // scaleN1r mulN1r.
  have s0 : s != 0 by rewrite -sqrf_eq0 s1 oner_eq0.
  exists (s * norm (p j) / norm (p i)); split.
  - by rewrite !mulf_neq0 ?invr_eq0.
  - rewrite -scalerA -/(nu i) e1 scalerA mulrAC -expr2 s1 mul1r -p_nu //.
  - rewrite -mulrA -/(be i) e2 mulrACA -expr2 s1 mul1r /be mulrA divff ?mul1r //.
have pj : p j != 0 by rewrite ej scaler_eq0 negb_or l0.
rewrite /same pi pj /= /nu /be ej bj normZ.
have la : `|l| != 0 by rewrite normr_eq0.
rewrite invfM !scalerA (mulrA _ l).
have e : l^-1 / norm (p i) * l = (norm (p i))^-1 by field; rewrite ni.
have [lp|lp] := lerP 0 l.
  by apply/orP; left; rewrite ger0_norm // e !eqxx.
apply/orP; right; rewrite ltr0_norm // invrN !mulNr e.
by rewrite scaleNr !opprK !eqxx.
Qed.

Lemma same_gap i j x v : same i j -> gap i x v = gap j x v.
Proof.
move=> /and3P[_ _ /orP[]/andP[/eqP e1 /eqP e2]]; rewrite /gap e1 e2 //.
by rewrite !dotNl -opprD !normrN.
Qed.
Lemma same_mass i j : same i j -> mass i = mass j.
Proof.
move=> s; apply: eq_bigl => k; apply/idP/idP => h'; last exact: same_trans h'.
by apply: same_trans h'; rewrite same_sym.
Qed.
Lemma same_rep i : p i != 0 -> same i (rep i).
Proof.
rewrite /rep; case: pickP => // none pi.
by have := none i; rewrite same_refl.
Qed.
Lemma rep_same i j : same i j -> rep i = rep j.
Proof.
move=> s; rewrite /rep.
have e : same i =1 same j.
  by move=> k; apply/idP/idP => h'; [apply: same_trans h'; rewrite same_sym|apply: same_trans h'].
rewrite (eq_pick e); case: pickP => // none.
by have := none j; rewrite same_refl //; case/and3P: s.
Qed.
Lemma rep_isrep i : p i != 0 -> isrep (rep i).
Proof.
move=> pi; have s := same_rep pi; rewrite /isrep -(rep_same s) eqxx andbT.
by case/and3P: s.
Qed.

Definition D x v : R := h (x + v) + h (x - v) - 2%:R * h x.

Lemma D_nodes x v : D x v = \sum_i c i * relu (`|dot (p i) v| - `|val i x|).
Proof.
have e i : c i * relu (`|dot (p i) v| - `|val i x|) =
    c i * relu (val i (x + v)) + c i * relu (val i (x - v)) - 2%:R * (c i * relu (val i x)).
  rewrite -second_difference /val !dotDr dotNr.
  have -> : dot (p i) x + dot (p i) v + b i = dot (p i) x + b i + dot (p i) v by ring.
  have -> : dot (p i) x - dot (p i) v + b i = dot (p i) x + b i - dot (p i) v by ring.
  by ring.
rewrite (eq_bigr _ (fun i _ => e i)) big_split big_split /= sumrN -mulr_sumr /D /h !dotDr dotNr.
by move: (\sum_i _) (\sum_i _) (\sum_i _) => X Y Z; ring.
Qed.

Lemma D_le x v eps : `|h (x + v)| <= eps -> `|h (x - v)| <= eps -> `|h x| <= eps -> `|D x v| <= 4%:R * eps.
Proof.
move=> e1 e2 e3; rewrite /D; apply: le_trans (ler_norm_sub _ _) _.
have -> : 4%:R * eps = (eps + eps) + 2%:R * eps by ring.
apply: ler_add; first by apply: le_trans (ler_norm_add _ _) (ler_add e1 e2).
by rewrite normrM ger0_norm ?ler0n // ler_wpmul2l ?ler0n.
Qed.

(** A sum that sees of a node only its size and its hyperplane sees the kink masses alone. *)
Lemma sum_mass (P : pred I) (G : I -> R) : (forall i j, same i j -> P i = P j) -> (forall i j, same i j -> G i = G j) ->
  \sum_(i | (p i != 0) && P i) c i * (norm (p i) * G i) = \sum_(i | isrep i && P i) mass i * G i.
Proof.
move=> PE GE; rewrite (partition_big rep (fun j => isrep j && P j)) /= => [|i /andP[pi Pi]]; last first.
  by rewrite rep_isrep // -(PE i) ?same_rep.
apply: eq_bigr => j /andP[/andP[pj /eqP rj] Pj]; rewrite mulr_suml.
apply: eq_big => [i|i /andP[/andP[pi Pi] /eqP ri]].
  apply/andP/idP => [[/andP[pi Pi] /eqP ri]|s]; first by rewrite same_sym -ri same_rep.
  by case/and3P: (s) => _ pi _; rewrite pi -(PE _ _ s) Pj -(rep_same s) rj eqxx.
have s : same j i by rewrite same_sym -ri same_rep.
by rewrite (GE j i s) mulrA.
Qed.

Lemma D_mass x v : D x v = \sum_(i | isrep i) mass i * gap i x v.
Proof.
rewrite D_nodes (bigID (fun i => p i != 0)) /= [X in _ + X]big1 ?addr0; last first.
  move=> i /negPn/eqP p0; rewrite p0 dot0l normr0 sub0r relu_neg ?mulr0 //.
  by rewrite oppr_le0 normr_ge0.
transitivity (\sum_(i | (p i != 0) && xpredT i) c i * (norm (p i) * gap i x v)).
  apply: eq_big => [i|i pi]; first by rewrite andbT.
  rewrite /gap val_nu // {1}[p i]p_nu dotZl !normrM (ger0_norm (norm_ge0 _)).
  by rewrite -mulrBr reluM ?norm_ge0.
by rewrite sum_mass => [|//|i j]; [apply: eq_bigl => i; rewrite andbT|exact: same_gap].
Qed.
End Ridge.
