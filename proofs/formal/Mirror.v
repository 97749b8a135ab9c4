(** Theorem B, the walls: the sorted lines of a strip, reflected in both.

    Certifies   that the gaps of lines and images have mean 2 rho/N, each with its neighbours; that a height which the pairs of
                lines and images leave free is free between the walls.
    Does not    need more than one image of a line on each side.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
From TwoLayer Require Import Gaps.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

(** Lines at X_1 <= .. <= X_N between the walls -rho and rho, reflected in both. *)
Section Mirror.
Variables (R : rcfType) (X S : nat -> R) (N : nat) (rho : R).
Hypothesis X_le : {homo X : k l / (k <= l)%N >-> k <= l}.
Hypotheses (X0 : X 0%N = - rho) (XN : X N.+1 = rho) (S0 : S 0%N = 0) (SN : S N.+1 = 0) (N0 : (0 < N)%N).

Definition mirrored p : R :=
  if (p < N)%N then - (2%:R * rho) - X (N - p) else if (p < 2 * N)%N then X (p - N).+1 else 2%:R * rho - X (3 * N - p).
Definition mirrored_slope p : R := if (p < N)%N then - S (N - p) else if (p < 2 * N)%N then S (p - N).+1 else - S (3 * N - p).
(** The gap on the right of line k, doubled at the walls. *)
Definition mgap k : R := mirrored (N + k) - mirrored (N + k).-1.

Lemma mirrored_le p q : (p <= q)%N -> (q < 3 * N)%N -> mirrored p <= mirrored q.
Proof.
move=> pq q3; have low k : - rho <= X k by rewrite -X0 X_le.
have high k : (k <= N.+1)%N -> X k <= rho by move=> kN; rewrite -XN X_le.
have rho2 : 2%:R * rho = rho + rho by ring.
have below k : - (2%:R * rho) - X k <= - rho.
  by rewrite rho2 opprD -addrA ger_addl -opprD oppr_le0 -ler_subl_addl sub0r.
have above k : (k <= N.+1)%N -> rho <= 2%:R * rho - X k.
  by move=> kN; rewrite rho2 -addrA ler_addl subr_ge0 high.
have r0 : - rho <= rho by apply: le_trans (low 1%N) (high 1%N _); lia.
rewrite /mirrored; case: (ltnP p N) => pN; case: (ltnP q N) => qN.
- by rewrite ler_add2l ler_opp2 X_le //; lia.
- case: (ltnP q (2 * N)) => q2; first exact: le_trans (below _) (low _).
  by apply: le_trans (below _) (le_trans r0 (above _ _)); lia.
- by lia.
- case: (ltnP p (2 * N)) => p2; case: (ltnP q (2 * N)) => q2.
  + by apply: X_le; lia.
  + by apply: le_trans (high _ _) (above _ _); lia.
  + by lia.
  + by rewrite ler_add2l ler_opp2 X_le //; lia.
Qed.

Lemma mgap_ge0 k : (k <= N)%N -> 0 <= mgap k.
Proof. by move=> kN; rewrite subr_ge0 mirrored_le //; lia. Qed.

Lemma mgap_le k : (k <= N)%N -> mgap k <= 2%:R * (X k.+1 - X k).
Proof.
move=> kN; rewrite /mgap /mirrored.
have -> : (N + k < N)%N = false by lia.
have [->|k0] := eqVneq k 0%N.
  have -> : (N + 0 < 2 * N)%N by lia.
  have -> : ((N + 0).-1 < N)%N by lia.
  have -> : (N + 0 - N = 0)%N by lia.
  have -> : (N - (N + 0).-1 = 1)%N by lia.
  by rewrite X0 le_eqVlt; apply/orP; left; apply/eqP; ring.
have -> : ((N + k).-1 < N)%N = false by lia.
have -> : ((N + k).-1 < 2 * N)%N by lia.
have -> : (((N + k).-1 - N).+1 = k)%N by lia.
have [->|kn] := eqVneq k N.
  have -> : (N + N < 2 * N)%N = false by lia.
  have -> : (3 * N - (N + N) = N)%N by lia.
  by rewrite XN le_eqVlt; apply/orP; left; apply/eqP; ring.
have -> : (N + k < 2 * N)%N by lia.
have -> : (N + k - N = k)%N by lia.
by rewrite ler_pemull ?ler1n // subr_ge0 X_le.
Qed.

Lemma mgap_total : \sum_(k < N) (mgap k + mgap k.+1) = (2 * N)%:R * (2%:R * rho / N%:R).
Proof.
pose F k := mirrored (N + k) + mirrored (N + k).-1.
rewrite (eq_bigr (fun k : 'I_N => F k.+1 - F k)) => [|k _]; last first.
  by rewrite /F /mgap addnS /=; ring.
rewrite -(big_mkord xpredT (fun k => F k.+1 - F k)) telescope_sumr //.
rewrite /F /mirrored addn0.
have -> : (N + N < N)%N = false by lia.
have -> : (N + N < 2 * N)%N = false by lia.
have -> : ((N + N).-1 < N)%N = false by lia.
have -> : ((N + N).-1 < 2 * N)%N by lia.
have -> : (N < N)%N = false by lia.
have -> : (N < 2 * N)%N by lia.
have -> : (N.-1 < N)%N by lia.
have -> : (3 * N - (N + N) = N)%N by lia.
have -> : (((N + N).-1 - N).+1 = N)%N by lia.
have -> : ((N - N).+1 = 1)%N by lia.
have -> : (N - N.-1 = 1)%N by lia.
have n0 : N%:R != 0 :> R by rewrite pnatr_eq0 -lt0n.
by rewrite natrM; field.
Qed.

Section Gap.
Variables (k : nat) (kN : (k <= N)%N).
Let left (p : 'I_(3 * N)) := (p < N + k)%N.
Let right (p : 'I_(3 * N)) := (N + k <= p)%N.

Lemma mirror_apart i l : left i -> right l -> mgap k <= mirrored l - mirrored i.
Proof. by rewrite /left /right => li rl; apply: ler_sub; apply: mirrored_le; have := ltn_ord l; lia. Qed.

Lemma mirror_apart2 i j l m : left i -> left j -> i != j -> right l -> right m -> l != m ->
  mgap k + (mgap k + neighbours mgap N k) <= (mirrored l - mirrored i) + (mirrored m - mirrored j).
Proof.
rewrite /left /right -!val_eqE /= => li lj ij rl rm lm.
move: (ltn_ord i) (ltn_ord j) (ltn_ord l) (ltn_ord m) => i3 j3 l3 m3.
have two : (2 <= N + k)%N by lia.
have two' : (N + k <= 3 * N - 2)%N by lia.
have N2 : (2 <= N)%N by lia.
have lower : mirrored i + mirrored j <= mirrored (N + k).-1 + mirrored (N + k).-2.
  have [lt|le] := ltnP i j; last by apply: ler_add; apply: mirrored_le; lia.
  by rewrite addrC; apply: ler_add; apply: mirrored_le; lia.
have upper : mirrored (N + k) + mirrored (N + k).+1 <= mirrored l + mirrored m.
  have [lt|le] := ltnP l m; first by apply: ler_add; apply: mirrored_le; lia.
  by rewrite [leRHS]addrC; apply: ler_add; apply: mirrored_le; lia.
have before : mgap (if k == 0 then 1 else k.-1)%N = mirrored (N + k).-1 - mirrored (N + k).-2.
  have [->|k0] := eqVneq k 0%N; last by rewrite /mgap; congr (mirrored _ - mirrored _); lia.
  rewrite /mgap addn1 addn0 /= /mirrored.
  have -> : (N.+1 < N)%N = false by lia.
  have -> : (N.+1 < 2 * N)%N by lia.
  have -> : (N < N)%N = false by lia.
  have -> : (N < 2 * N)%N by lia.
  have -> : (N.-1 < N)%N by lia.
  have -> : (N.-2 < N)%N by lia.
  have -> : (N.+1 - N = 1)%N by lia.
  have -> : (N - N = 0)%N by lia.
  have -> : (N - N.-1 = 1)%N by lia.
  have -> : (N - N.-2 = 2)%N by lia.
  by ring.
have after : mgap (if k == N then N.-1 else k.+1)%N = mirrored (N + k).+1 - mirrored (N + k).
  have [->|kn] := eqVneq k N; last by rewrite /mgap; congr (mirrored _ - mirrored _); lia.
  rewrite /mgap /mirrored.
  have -> : (N + N.-1 < N)%N = false by lia.
  have -> : (N + N.-1 < 2 * N)%N by lia.
  have -> : ((N + N.-1).-1 < N)%N = false by lia.
  have -> : ((N + N.-1).-1 < 2 * N)%N by lia.
  have -> : ((N + N).+1 < N)%N = false by lia.
  have -> : ((N + N).+1 < 2 * N)%N = false by lia.
  have -> : (N + N < N)%N = false by lia.
  have -> : (N + N < 2 * N)%N = false by lia.
  have -> : ((N + N.-1 - N).+1 = N)%N by lia.
  have -> : (((N + N.-1).-1 - N).+1 = N.-1)%N by lia.
  have -> : (3 * N - (N + N).+1 = N.-1)%N by lia.
  have -> : (3 * N - (N + N) = N)%N by lia.
  by ring.
rewrite /neighbours before after /mgap -subr_ge0.
have -> : mirrored l - mirrored i + (mirrored m - mirrored j) - (mirrored (N + k) - mirrored (N + k).-1
    + (mirrored (N + k) - mirrored (N + k).-1 + (mirrored (N + k).-1 - mirrored (N + k).-2 + (mirrored (N + k).+1 - mirrored (N + k)))))
  = (mirrored l + mirrored m - (mirrored (N + k) + mirrored (N + k).+1))
    + (mirrored (N + k).-1 + mirrored (N + k).-2 - (mirrored i + mirrored j)) by ring.
by rewrite addr_ge0 // subr_ge0.
Qed.

(** A height that the reflected lines leave is left between the walls too; s is 1 upwards and -1 downwards. *)
Lemma mirror_open (s a : R) : 0 <= a ->
  (forall i l, left i -> right l -> s * (mirrored_slope i - mirrored_slope l) <= a * (mirrored l - mirrored i)) ->
  forall l r, (l <= k)%N -> (k < r <= N.+1)%N -> s * (S l - S r) <= a * (X r - X l).
Proof.
move=> a0 open l r lk /andP[kr rN].
have real q : (0 < q <= N)%N -> exists p : 'I_(3 * N), [/\ mirrored_slope p = S q, mirrored p = X q, (q <= k)%N -> left p & (k < q)%N -> right p].
  case/andP=> q0 qN; have p3 : (N + q.-1 < 3 * N)%N by lia.
  exists (Ordinal p3); rewrite /left /right /mirrored_slope /mirrored /=.
  have -> : (N + q.-1 < N)%N = false by lia.
  have -> : (N + q.-1 < 2 * N)%N by lia.
  have -> : ((N + q.-1 - N).+1 = q)%N by lia.
  by split => //; lia.
have image_left q : (0 < q <= N)%N -> exists p : 'I_(3 * N), [/\ mirrored_slope p = - S q, mirrored p = - (2%:R * rho) - X q & left p].
  case/andP=> q0 qN; have p3 : (N - q < 3 * N)%N by lia.
  exists (Ordinal p3); rewrite /left /mirrored_slope /mirrored /=.
  have -> : (N - q < N)%N by lia.
  have -> : (N - (N - q) = q)%N by lia.
  by split => //; lia.
have image_right q : (0 < q <= N)%N -> exists p : 'I_(3 * N), [/\ mirrored_slope p = - S q, mirrored p = 2%:R * rho - X q & right p].
  case/andP=> q0 qN; have p3 : (3 * N - q < 3 * N)%N by lia.
  exists (Ordinal p3); rewrite /right /mirrored_slope /mirrored /=.
  have -> : (3 * N - q < N)%N = false by lia.
  have -> : (3 * N - q < 2 * N)%N = false by lia.
  have -> : (3 * N - (3 * N - q) = q)%N by lia.
  by split => //; lia.
have half x y u v : u <= v -> u = 2%:R * x -> v = 2%:R * y -> x <= y :> R.
  by move=> uv uE vE; move: uv; rewrite uE vE ler_pmul2l ?ltr0n.
have [->|l0] := eqVneq l 0%N; have [->|r1] := eqVneq r N.+1.
- rewrite S0 SN subr0 mulr0 mulr_ge0 // subr_ge0; exact: X_le.
- have rk : (0 < r <= N)%N by lia.
  have [p [Sp Xp _ /(_ kr) Rp]] := real r rk; have [q [Sq Xq Lq]] := image_left r rk.
  by apply: half (open _ _ Lq Rp) _ _; rewrite ?Sp ?Xp ?Sq ?Xq ?S0 ?X0; ring.
- have lk' : (0 < l <= N)%N by lia.
  have [p [Sp Xp /(_ lk) Lp _]] := real l lk'; have [q [Sq Xq Rq]] := image_right l lk'.
  by apply: half (open _ _ Lp Rq) _ _; rewrite ?Sp ?Xp ?Sq ?Xq ?SN ?XN; ring.
- have [|p [Sp Xp /(_ lk) Lp _]] := real l; first by lia.
  have [|q [Sq Xq _ /(_ kr) Rq]] := real r; first by lia.
  by have := open _ _ Lp Rq; rewrite Sp Xp Sq Xq.
Qed.
End Gap.
End Mirror.
