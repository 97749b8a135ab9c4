(** Fan-out recovery: the kink masses of a cluster of nearly coincident hyperplanes nearly cancel.

    Certifies   | sum of the cluster's masses | t <= 4 eps + sum |mass| (t (1 - cos) + t GammaO sin + distance from the centre),
                t = r/sqrt(1 + GammaO^2), GammaO over all other hyperplanes that meet the ball, of either sign.
    Does not    choose the cluster: any set C of hyperplanes will do, whether or not it contains that of i0, the direction.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring.
From TwoLayer Require Import Bang Crease TheoremA.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Cluster.
Variables (R : rcfType) (n : nat) (I : finType).
Variables (c : I -> R) (p : I -> 'rV[R]_n) (b : I -> R) (a : 'rV[R]_n) (a0 : R).
Variables (i0 : I) (x0 : 'rV[R]_n) (r eps : R).
(** C: the cluster, as a set of representatives. All others that meet the ball, of either sign, are counted in GammaO. *)
Variable C : pred I.
Notation mass := (mass c p b).
Definition GammaO : R := \sum_(i | isrep p b i && ~~ C i && meets p b x0 r i) cotA (p i) (p i0).
Definition height : R := r / Num.sqrt (1 + GammaO ^+ 2).
Definition away i : R := `|val p b i x0| / norm (p i).

Hypothesis p0 : p i0 != 0.
Hypothesis r0 : 0 <= r.
Hypothesis small : forall y, sq (y - x0) <= r ^+ 2 -> `|h c p b a a0 y| <= eps.
Hypothesis slanted : forall i, isrep p b i && ~~ C i && meets p b x0 r i -> sinA (p i) (p i0) != 0.

Theorem cluster : `|\sum_(i | isrep p b i && C i) mass i| * height <=
  4%:R * eps + \sum_(i | isrep p b i && C i) `|mass i| *
    (height * (1 - cosA (p i) (p i0)) + sinA (p i) (p i0) * (height * GammaO) + away i).
Proof.
have [s [s0n sG s2 quiet]] := @segment R n I p b i0 x0 r (fun i => ~~ C i) p0 r0 slanted.
rewrite -/GammaO -/height in sG s2 quiet; set t := height in sG s2 quiet *.
set n0 := nu p i0 in s0n quiet.
have n01 : sq n0 = 1 by apply: sq_nu.
have G0 : 0 <= GammaO by apply: sumr_ge0 => i _; apply: cotA_ge0.
have t0 : 0 <= t by rewrite /t divr_ge0 ?sqrtr_ge0.
pose x := x0 + s; pose v := t *: n0.
have [up down middle] := three_points n01 s0n s2 small.
have Dle : `|D c p b a a0 x v| <= 4%:R * eps := D_le up down middle.
have DE : D c p b a a0 x v = \sum_(i | isrep p b i && C i) mass i * gap p b i x v.
  rewrite D_mass (bigID C) /= [X in _ + X]big1 ?addr0 // => i /andP[ri Ci].
  by rewrite quiet ?mulr0.
have split : (\sum_(i | isrep p b i && C i) mass i) * t =
    D c p b a a0 x v + \sum_(i | isrep p b i && C i) mass i * (t - gap p b i x v).
  by rewrite DE -big_split mulr_suml; apply: eq_bigr => i _ /=; ring.
rewrite -[X in _ * X](ger0_norm t0) -normrM split.
apply: le_trans (ler_norm_add _ _) (ler_add Dle _).
apply: le_trans (ler_norm_sum _ _ _) _; apply: ler_sum => i /andP[/andP[pi _] _].
rewrite normrM ler_wpmul2l ?normr_ge0 //.
have cE : cosA (p i) (p i0) = `|dot (nu p i) n0| by apply: cosA_nu.
set g := dot (nu p i) n0 in cE.
have vE : `|dot (nu p i) v| = t * cosA (p i) (p i0).
  by rewrite /v dotZr normrM (ger0_norm t0) cE.
have gap_le : gap p b i x v <= t.
  rewrite /gap /relu le_maxl t0 vE; apply: le_trans (_ : t * cosA (p i) (p i0) <= _).
    by rewrite ler_subl_addr ler_addl normr_ge0.
  by rewrite ler_pimulr ?cosA_le1.
have sS : `|dot (nu p i) s| <= sinA (p i) (p i0) * (t * GammaO).
  apply: le_trans (dot_tangent pi p0 s0n) _; rewrite ler_wpmul2l ?sinA_ge0 //.
  have tG : 0 <= t * GammaO by rewrite mulr_ge0.
  by have := @ler_pexpn2r R 2 isT (norm s) (t * GammaO); rewrite !nnegrE norm_ge0 tG sqr_norm => <-.
have far : `|dot (nu p i) x + be p b i| <= away i + sinA (p i) (p i0) * (t * GammaO).
  have -> : dot (nu p i) x + be p b i = (dot (nu p i) x0 + be p b i) + dot (nu p i) s.
    by rewrite /x dotDr addrAC.
  apply: le_trans (ler_norm_add _ _) (ler_add _ sS).
  rewrite /away val_nu // normrM (ger0_norm (norm_ge0 _)) mulrAC divff ?mul1r //.
  by rewrite norm_eq0.
rewrite ger0_norm ?subr_ge0 // ler_subl_addr -ler_subl_addl.
have ge : t * cosA (p i) (p i0) - (away i + sinA (p i) (p i0) * (t * GammaO)) <= gap p b i x v.
  rewrite /gap /relu le_maxr; apply/orP; right; rewrite vE.
  by rewrite ler_add2l ler_opp2.
apply: le_trans ge; rewrite le_eqVlt; apply/orP; left; apply/eqP; ring.
Qed.
End Cluster.
