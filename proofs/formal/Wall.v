(** Theorem 2' around a point of the teacher's hyperplane that may be near the observer's own, H_k.

    Certifies   some student has sin theta rho <= r or is at the angle of Theorem 2' in the ball, H_k not counted: the ball of radius r
                around a point of H_j need not lie where the observer is active, rho is the point's distance from H_k along H_j, and
                h_k is small up to an affine function on the active part of the ball.
    Does not    choose the point or r.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA Networks.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Wall.
Variables (R : rcfType) (d o : nat) (T S : finType) (teacher : net R d o T) (student : net R d o S).
Variables (n : nat) (U : 'M[R]_(n, d)) (x0 : 'rV[R]_d) (k : S) (j : T) (centre : 'rV[R]_n) (r rho eps : R).
Notation I := [finType of T + S].
Notation c := (cI teacher student k). Notation p := (pI teacher student U). Notation b := (bI teacher student x0).
Notation pj := (rp teacher U j). Notation pk := (rp student U k).
Notation Opp i := (opp c p b (inl j) centre r i).
Hypotheses (pj0 : pj != 0) (on_j : node teacher j (point U x0 centre) = 0) (pk0 : pk != 0) (r0 : 0 <= r).
(** Along H_j the observer's value falls by |p_k| sin theta a unit of length at most: it is 0 no nearer than rho. *)
Hypothesis far : norm pk * (sinA pk pj * rho) <= node student k (point U x0 centre).

(** Students' hyperplanes that oppose and meet the ball, but for H_k. *)
Definition N_wall : nat := #|[pred i : I | [&& Opp i, has_student teacher student U x0 i & ~~ same p b (inr k) i]]|.

Lemma active_near y : r < sinA pk pj * rho -> sq (y - centre) <= r ^+ 2 -> active student k (point U x0 y).
Proof.
move=> steep near; rewrite /active lemma_1.
have -> : dot pk y + rb student x0 k = node student k (point U x0 centre) + dot pk (y - centre).
  by rewrite lemma_1 dotDr dotNr; ring.
have short : norm (y - centre) <= r by rewrite -(@ler_pexpn2r _ 2) ?nnegrE ?norm_ge0 // sqr_norm.
have : - dot pk (y - centre) <= norm pk * r.
  apply: le_trans (ler_norm _) _; rewrite normrN; apply: le_trans (CS _ _) _.
  by rewrite ler_wpmul2l ?norm_ge0.
rewrite ler_oppl => low; apply: le_trans (ler_add far low).
by rewrite -mulrBr mulr_ge0 ?norm_ge0 // subr_ge0 ltW.
Qed.

Lemma not_met i : r < sinA pk pj * rho -> Opp i -> ~~ same p b (inr k) i.
Proof.
move=> steep /andP[_ near]; apply/negP => sm; have [l [l0 ep eb]] := sameP b i (pk0 : p (inr k) != 0) sm.
have e : val p b i centre = l * node student k (point U x0 centre) by rewrite lemma_1 /val ep eb /= dotZl -mulrDr.
move: near; rewrite /meets e ep normZ normrM mulrCA ltr_pmul2l ?normr_gt0 // => near.
have : norm pk * r < norm pk * (sinA pk pj * rho) by rewrite ltr_pmul2l ?norm_gt0.
move/lt_le_trans/(_ far)/lt_le_trans/(_ (ler_norm _))/lt_trans/(_ near).
by rewrite mulrC ltxx.
Qed.

Theorem theorem_2'_wall (a : 'rV[R]_n) (a0 : R) :
  (forall y, sq (y - centre) <= r ^+ 2 -> active student k (point U x0 y) ->
     `|h_k teacher student k (point U x0 y) + (dot a y + a0)| <= eps) ->
  (forall i : I, Opp i -> ~~ has_student teacher student U x0 i -> sinA (p i) pj != 0) ->
  let K := `|kappa_T teacher student U x0 k (inl j)| * r in
  let Y := Num.sqrt (K ^+ 2 - (4%:R * eps) ^+ 2) in
  let G := Gamma_T teacher student U x0 k j centre r in
  4%:R * eps < K -> 4%:R * eps * G < Y ->
  exists s, rp student U s != 0 /\
    (sinA (rp student U s) pj * rho <= r \/
     sinA (rp student U s) pj * (Y - 4%:R * eps * G) <= 4%:R * eps * N_wall%:R * cosA (rp student U s) pj).
Proof.
move=> small slanted K Y G KX room.
have [near|steep] := lerP (sinA pk pj * rho) r; first by exists k; split=> //; left.
have small' y : sq (y - centre) <= r ^+ 2 -> `|h_k teacher student k (point U x0 y) + (dot a y + a0)| <= eps.
  by move=> By; apply: small => //; apply: active_near.
have [s [ps bound]] := @theorem_2'_local _ _ _ _ _ _ _ _ _ _ k _ _ _ _ pj0 on_j a a0 r0 small' slanted KX room.
exists s; split=> //; right; suff -> : N_wall = N_S teacher student U x0 k j centre r by [].
apply: eq_card => i; rewrite !inE /=; case oi: (Opp i) => //=.
by rewrite not_met // andbT.
Qed.
End Wall.
