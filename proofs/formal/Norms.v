(** Corollary 1': a student alone on its hyperplane, seen by as many observers as there are outputs, has small fan-out.

    Certifies   |v_i| <= sum over the observers m of |(Q^-1)_mi| B_m, so at most the largest absolute column sum of Q^-1 times the
                largest B_m; |v|_2 <= sqrt(o) times that, and sigma |v|_2 <= |B|_2 for every sigma with sigma |u|_2 <= |u Q|_2
                for all u (the least singular value is the largest such sigma).
                Each B_m takes h_k up to an affine function on a ball, or g_1 on a region that holds it.
    Does not    prove that the observers are independent: Q = [v_k1 .. v_ko] is invertible by hypothesis.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Norms.
Variables (R : rcfType) (d o : nat) (T S : finType).
Variables (teacher : net R d o T) (student : net R d o S).
Variables (n : nat) (U : 'M[R]_(n, d)) (x0 : 'rV[R]_d).
(** The student s, and for each output m an observer with a ball on which it is active. *)
Variables (s : S) (observer : 'I_o -> S) (centre : 'I_o -> 'rV[R]_n) (r eps : 'I_o -> R).

(** Column m of Q is the fan-out of observer m. *)
Definition observed : 'M[R]_o := \matrix_(i, m) fanout student (observer m) 0 i.
Definition bound_of (m : 'I_o) : R :=
  4%:R * eps m * Num.sqrt (1 + Gamma (cI teacher student (observer m)) (pI teacher student U) (bI teacher student x0)
                                 (inr s) (centre m) (r m) ^+ 2) / (norm (rp student U s) * r m).

Hypothesis ps : rp student U s != 0.
Hypothesis alone : forall i, same (pI teacher student U) (bI teacher student x0) (inr s) i -> i = inr s.
Hypothesis r0 : forall m, 0 < r m.
Hypothesis on_s : forall m, node student s (point U x0 (centre m)) = 0.
Hypothesis slanted : forall m i,
  opp (cI teacher student (observer m)) (pI teacher student U) (bI teacher student x0) (inr s) (centre m) (r m) i ->
  sinA (pI teacher student U i) (rp student U s) != 0.

(** What bounds B_m of the pairings with the columns of Q say of v. *)
Definition is_within (v : 'rV[R]_o) (Q : 'M[R]_o) (B : 'I_o -> R) : Prop :=
  [/\ forall i, `|v 0 i| <= \sum_m `|invmx Q m i| * B m,
      forall c M, (forall i, \sum_m `|invmx Q m i| <= c) -> (forall m, B m <= M) ->
        (forall i, `|v 0 i| <= c * M) /\ norm v <= Num.sqrt o%:R * (c * M)
    & forall sigma, (forall u : 'rV[R]_o, sigma * norm u <= norm (u *m Q)) -> sigma * norm v <= norm (\row_m B m)].

Theorem corollary_1'_local (a : 'I_o -> 'rV[R]_n) (a0 : 'I_o -> R) :
  (forall m y, sq (y - centre m) <= r m ^+ 2 ->
     `|h_k teacher student (observer m) (point U x0 y) + (dot (a m) y + a0 m)| <= eps m) ->
  observed \in unitmx -> is_within (fanout student s) observed bound_of.
Proof.
move=> small inv; set v := fanout student s.
have pairing m : `|beta student (observer m) s| <= bound_of m.
  have := corollary_1'_pairing_local ps (on_s m) alone (@slanted m) (ltW (r0 m)) (small m).
  by rewrite /bound_of ler_pdivl_mulr // mulr_gt0 ?norm_gt0.
have vQ m : (v *m observed) 0 m = beta student (observer m) s.
  by rewrite mxE /beta /dot; apply: eq_bigr => i _; rewrite mxE mulrC.
have entry i : `|v 0 i| <= \sum_m `|invmx observed m i| * bound_of m.
  have -> : v 0 i = \sum_m (v *m observed) 0 m * invmx observed m i by rewrite -{1}(mulmxK inv v) mxE.
  apply: le_trans (ler_norm_sum _ _ _) (ler_sum _ _) => m _.
  by rewrite normrM mulrC ler_wpmul2l // vQ pairing.
have B0 m : 0 <= bound_of m by apply: le_trans (pairing m).
split=> // [c M cols le|sigma low].
  have each i : `|v 0 i| <= c * M.
    apply: le_trans (entry i) _; apply: le_trans (_ : (\sum_m `|invmx observed m i|) * M <= _).
      by rewrite mulr_suml; apply: ler_sum => m _; rewrite ler_wpmul2l.
    by rewrite ler_wpmul2r // (le_trans (B0 _) (le i)).
  split=> //; have [i _|none] := pickP (fun i : 'I_o => true); last first.
    have -> : norm v = Num.sqrt o%:R * (c * M); last by [].
    have o0 : o = 0%N by rewrite -(card_ord o); apply: eq_card0.
    by rewrite /norm /sq /dot big1 ?sqrtr0 ?o0 ?sqrtr0 ?mul0r // => i _; have := none i.
  have cM : 0 <= c * M by apply: le_trans (each i).
  have rhs0 : 0 <= Num.sqrt o%:R * (c * M) by apply: mulr_ge0 cM; apply: sqrtr_ge0.
  rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 //.
  rewrite sqr_norm exprMn sqr_sqrtr ?ler0n //.
  apply: le_trans (_ : \sum_(j < o) (c * M) ^+ 2 <= _); last by rewrite sumr_const card_ord mulr_natl.
  apply: ler_sum => j _; rewrite -expr2 -(real_normK (num_real _)).
  by rewrite ler_pexpn2r ?nnegrE.
apply: le_trans (low v) _.
rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // !sqr_norm; apply: ler_sum => m _.
rewrite -!expr2 !mxE -(real_normK (num_real (\sum_j _))) ler_pexpn2r ?nnegrE //.
by have := vQ m; rewrite mxE => ->; apply: pairing.
Qed.

Theorem corollary_1' (region : 'rV[R]_d -> Prop) :
  (forall m y, sq (y - centre m) <= r m ^+ 2 -> region (point U x0 y) /\ active student (observer m) (point U x0 y)) ->
  (forall m x, region x -> `|g_1 teacher student (observer m) x| <= eps m) ->
  observed \in unitmx -> is_within (fanout student s) observed bound_of.
Proof.
move=> ball small; apply: (@corollary_1'_local (fun=> 0) (fun=> 0)) => m y /ball[reg act].
by rewrite dot0l !addr0; have := small m _ reg; rewrite /g_1 act.
Qed.
End Norms.
