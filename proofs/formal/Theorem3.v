(** Theorem 3': a second teacher f*' that is close to f* on the region.

    Certifies   Theorem 2' for the second teacher's node with eps + e0 in place of eps.
    Does not    name a norm: e0 bounds |<v_k, f*' - f*>|, for instance by |v_k|_dual times the distance of the teachers.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Theorem3.
Variables (R : rcfType) (d o : nat) (T T' S : finType).
Variables (teacher : net R d o T) (teacher' : net R d o T') (student : net R d o S).
Variables (n : nat) (U : 'M[R]_(n, d)) (x0 : 'rV[R]_d) (region : 'rV[R]_d -> Prop) (k : S).
Variables (j : T') (centre : 'rV[R]_n) (r eps e0 : R).
Hypothesis pj : rp teacher' U j != 0.
Hypothesis on_j : node teacher' j (point U x0 centre) = 0.
Hypothesis ball : forall y, sq (y - centre) <= r ^+ 2 ->
  region (point U x0 y) /\ active student k (point U x0 y).
Hypothesis close : forall x, region x -> `|dot (fanout student k) (out teacher' x - out teacher x)| <= e0.
Notation I := [finType of T' + S].
Notation Opp i := (opp (cI teacher' student k) (pI teacher' student U) (bI teacher' student x0) (inl j) centre r i).

Theorem theorem_3' : 0 <= r -> (forall x, region x -> `|g_1 teacher student k x| <= eps) ->
  (forall i : I, Opp i -> ~~ has_student teacher' student U x0 i ->
     sinA (pI teacher' student U i) (rp teacher' U j) != 0) ->
  let K := `|kappa_T teacher' student U x0 k (inl j)| * r in
  let Y := Num.sqrt (K ^+ 2 - (4%:R * (eps + e0)) ^+ 2) in
  let G := Gamma_T teacher' student U x0 k j centre r in
  4%:R * (eps + e0) < K -> 4%:R * (eps + e0) * G < Y ->
  exists s, rp student U s != 0 /\
    sinA (rp student U s) (rp teacher' U j) * (Y - 4%:R * (eps + e0) * G)
      <= 4%:R * (eps + e0) * (N_S teacher' student U x0 k j centre r)%:R
         * cosA (rp student U s) (rp teacher' U j).
Proof.
move=> r0 small; apply: (@theorem_2'_local _ _ _ _ _ _ _ _ _ _ k _ _ _ _ pj on_j 0 0 r0) => y /ball[reg act].
have e : h_k teacher' student k (point U x0 y) = h_k teacher student k (point U x0 y)
    + dot (fanout student k) (out teacher' (point U x0 y) - out teacher (point U x0 y)).
  by rewrite /h_k !dotDr !dotNr; ring.
rewrite dot0l !addr0 e; apply: le_trans (ler_norm_add _ _) (ler_add _ (close reg)).
by have := small _ reg; rewrite /g_1 act.
Qed.
End Theorem3.
