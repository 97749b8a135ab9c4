(** The lines of a strip, sorted along H between the walls.

    Certifies   that lines moved to the walls and sorted stand at feet 1, .., N between the walls, feet 0 and N + 1;
                that what keeps two of them apart keeps the lines left and right of a gap apart, those outside the strip too.
    Does not    ask lines to be different.
*)
From mathcomp Require Import all_ssreflect all_algebra.
From mathcomp Require Import ring zify.
Import Order.TTheory GRing.Theory Num.Theory.
Set Implicit Arguments. Unset Strict Implicit. Unset Printing Implicit Defensive.
Local Open Scope ring_scope.

Section Sorted.
Variables (R : rcfType) (I : finType) (o w : I -> R) (P : pred I) (rho t : R).
Hypothesis rho0 : 0 <= rho.

(** The line x = o_i + w_i tau meets {|x| < rho, |tau| <= t}. *)
Definition crosses i : bool := `|o i| < rho + `|w i| * t.
Lemma crossesP i : 0 <= t -> 0 < rho -> reflect (exists2 tau, `|tau| <= t & `|o i + w i * tau| < rho) (crosses i).
Proof.
move=> t0 r0; apply: (iffP idP) => [cross|[tau small near]]; last first.
  rewrite /crosses -(addrK (w i * tau) (o i)); apply: le_lt_trans (ler_norm_sub _ _) _.
  by rewrite ltr_le_add // normrM ler_wpmul2l.
rewrite /crosses in cross; pose q := Num.min t (`|o i| / `|w i|).
have q0 : 0 <= q by rewrite le_minr t0 divr_ge0.
exists (- (Num.sg (o i) * Num.sg (w i)) * q).
  rewrite normrM normrN normrM !normr_sg (ger0_norm q0); apply: le_trans (_ : 1 * q <= _); last by rewrite mul1r le_minl lexx.
  by rewrite ler_wpmul2r // mulr_ile1 ?ler0n // lern1 leq_b1.
have -> : o i + w i * (- (Num.sg (o i) * Num.sg (w i)) * q) = Num.sg (o i) * (`|o i| - `|w i| * q).
  have e : Num.sg (w i) ^+ 2 * `|w i| = `|w i| by rewrite sqr_sg; case: eqVneq => [->|_]; rewrite ?normr0 ?mulr0 ?mul1r.
  by rewrite {1}[o i]numEsg {1}[w i]numEsg -[in RHS]e; move: (Num.sg (o i)) (Num.sg (w i)) `|o i| `|w i| => *; ring.
rewrite normrM normr_sg; apply: le_lt_trans (_ : 1 * (`|o i| - `|w i| * q) < _).
  have le : `|w i| * q <= `|o i|.
    have [->|w0] := eqVneq (w i) 0; first by rewrite normr0 mul0r.
    by rewrite mulrC -ler_pdivl_mulr ?normr_gt0 // le_minl lexx orbT.
  by rewrite [foot in _ * foot]ger0_norm ?subr_ge0 // ler_wpmul2r ?subr_ge0 // lern1 leq_b1.
rewrite mul1r ltr_subl_addr /q; case: (lerP t) => _ //.
have [w0|w0] := eqVneq (w i) 0; first by move: cross; rewrite w0 normr0 !mul0r.
by rewrite mulrC divfK ?normr_eq0 // ltr_addr.
Qed.

Definition clip x : R := Num.max (- rho) (Num.min x rho).
Definition lines : seq I := sort (fun i k => clip (o i) <= clip (o k)) (enum P).
Notation N := #|P|.
(** Where they stand, and their slopes; the walls are vertical. *)
Definition foot k : R := nth rho (- rho :: [seq clip (o i) | i <- lines]) k.
Definition tilt k : R := nth 0 (0 :: [seq w i | i <- lines]) k.
Definition place i : nat := index i lines.

Lemma size_lines : size lines = N. Proof. by rewrite size_sort -cardE. Qed.
Lemma mem_lines i : (i \in lines) = P i. Proof. by rewrite mem_sort mem_enum. Qed.
Lemma place_lt i : P i -> (place i < N)%N.
Proof. by move=> Pi; rewrite -size_lines index_mem mem_lines. Qed.
Lemma foot_place i : P i -> foot (place i).+1 = clip (o i).
Proof. by move=> Pi; rewrite /foot /= (nth_map i) ?nth_index ?index_mem ?mem_lines. Qed.
Lemma tilt_place i : P i -> tilt (place i).+1 = w i.
Proof. by move=> Pi; rewrite /tilt /= (nth_map i) ?nth_index ?index_mem ?mem_lines. Qed.
Lemma place_inj i k : P i -> P k -> place i = place k -> i = k.
Proof. by move=> Pi Pk e; rewrite -(nth_index i (_ : i \in lines)) ?mem_lines // -/(place i) e nth_index ?mem_lines. Qed.
Lemma place_exists k : (k < N)%N -> exists2 i, P i & place i = k.
Proof.
rewrite -size_lines => kN; case E : lines kN => [//|i0 s] kN.
exists (nth i0 lines k); first by rewrite -mem_lines mem_nth // E.
by rewrite /place index_uniq ?sort_uniq ?enum_uniq // E.
Qed.

Lemma foot0 : foot 0 = - rho. Proof. by []. Qed.
Lemma footN : foot N.+1 = rho. Proof. by rewrite /foot /= nth_default // size_map size_lines. Qed.
Lemma tilt0 : tilt 0 = 0. Proof. by []. Qed.
Lemma tiltN : tilt N.+1 = 0. Proof. by rewrite /tilt /= nth_default // size_map size_lines. Qed.

Lemma clip_ge x : - rho <= clip x. Proof. by rewrite le_maxr lexx. Qed.
Lemma clip_le x : clip x <= rho.
Proof. by rewrite le_maxl le_minl lexx orbT andbT; apply: le_trans rho0; rewrite oppr_le0. Qed.
Lemma clip_low x : clip x < rho -> x <= clip x.
Proof. by rewrite lt_maxl lt_minl ltxx orbF => /andP[_ xr]; rewrite le_maxr le_minr lexx (ltW xr) orbT. Qed.
Lemma clip_high x : - rho < clip x -> clip x <= x.
Proof. by rewrite lt_maxr ltxx /= lt_minr => /andP[xr _]; rewrite le_maxl le_minl lexx (ltW xr). Qed.

Lemma foot_le : {homo foot : k l / (k <= l)%N >-> k <= l}.
Proof.
have bounds x : x \in [seq clip (o i) | i <- lines] -> - rho <= x /\ x <= rho.
  by case/mapP => i _ ->; rewrite clip_ge clip_le.
have srt : sorted <=%O (- rho :: [seq clip (o i) | i <- lines]).
  rewrite /= path_min_sorted; last by apply/allP => x /bounds[].
  by rewrite sorted_map; apply: sort_sorted => i k; exact: le_total.
move=> k l kl; rewrite /foot; have [big|small] := leqP (size (- rho :: [seq clip (o i) | i <- lines])) l.
  rewrite (nth_default _ big); have [bigk|smallk] := leqP (size (- rho :: [seq clip (o i) | i <- lines])) k.
    by rewrite nth_default.
  move: (mem_nth rho smallk); rewrite inE => /orP[/eqP->|/bounds[] //].
  by apply: le_trans rho0; rewrite oppr_le0.
by apply: (le_sorted_leq_nth rho srt); rewrite ?inE ?(leq_ltn_trans kl).
Qed.
Lemma foot_ge k : - rho <= foot k. Proof. exact: (foot_le (leq0n k)). Qed.
Lemma foot_rho k : foot k <= rho.
Proof.
have [kN|/ltnW Nk] := leqP k N.+1; first by rewrite -footN foot_le.
by rewrite /foot nth_default //= size_map size_lines.
Qed.

Lemma tilt_le gamma k : 0 <= gamma -> (forall i, P i -> `|w i| <= gamma) -> `|tilt k| <= gamma.
Proof.
move=> g0 le; rewrite /tilt; have [big|small] := leqP (size (0 :: [seq w i | i <- lines])) k.
  by rewrite nth_default ?normr0.
by have := mem_nth 0 small; rewrite inE => /orP[/eqP->|/mapP[i]]; rewrite ?normr0 // mem_lines => Pi ->; exact: le.
Qed.

(** A line that does not meet the strip stays on one side of it. *)
Lemma outside_left i v : ~~ crosses i -> o i < 0 -> `|v| <= t -> o i + w i * v <= - rho.
Proof.
rewrite /crosses -leNgt => out o0 vt; move: out; rewrite (ltr0_norm o0) => out.
have le : w i * v <= `|w i| * t by apply: le_trans (ler_norm _) _; rewrite normrM ler_wpmul2l.
by rewrite -subr_ge0; have := ler_add out le; rewrite -subr_ge0; congr (is_true (0 <= _)); ring.
Qed.
Lemma outside_right i v : ~~ crosses i -> 0 <= o i -> `|v| <= t -> rho <= o i + w i * v.
Proof.
rewrite /crosses -leNgt => out o0 vt; move: out; rewrite (ger0_norm o0) => out.
have le : - (w i * v) <= `|w i| * t by apply: le_trans (ler_norm _) _; rewrite normrN normrM ler_wpmul2l.
by rewrite -subr_ge0; have := ler_add out le; rewrite -subr_ge0; congr (is_true (0 <= _)); ring.
Qed.

(** The gap between the first a lines and those from place b on, among the lines Q that matter. *)
Section Gap.
Variables (Q : pred I) (a b : nat).
Definition left_of i : bool := Q i && (if P i then (place i < a)%N else o i < 0).
Definition right_of i : bool := Q i && (if P i then (b <= place i)%N else 0 <= o i).
Hypothesis ab : (a <= b)%N.
Hypothesis bN : (b <= N)%N.
Hypothesis wide : foot a < foot b.+1.

(** What lines of slope s reach beyond themselves, to the right_of and to the left_of. *)
Variables f g : R -> R.
Hypothesis apart : forall l r, (l <= a)%N -> (b < r <= N.+1)%N -> f (tilt l) + g (tilt r) <= foot r - foot l.
Hypothesis out_left : forall i, Q i -> ~~ P i -> o i < 0 -> o i + f (w i) <= - rho + f 0.
Hypothesis out_right : forall i, Q i -> ~~ P i -> 0 <= o i -> rho - g 0 <= o i - g (w i).

Lemma left_le i : left_of i -> exists2 l, (l <= a)%N & o i + f (w i) <= foot l + f (tilt l).
Proof.
rewrite /left_of; case/andP=> Qi; have [Pi pa|nP o0] := boolP (P i); last by exists 0%N; rewrite // foot0 tilt0 out_left.
exists (place i).+1; rewrite // tilt_place // ler_add2r foot_place //; apply: clip_low.
by rewrite -foot_place // (le_lt_trans (foot_le pa)) // (lt_le_trans wide) ?foot_rho.
Qed.
Lemma right_ge i : right_of i -> exists2 r, (b < r <= N.+1)%N & foot r - g (tilt r) <= o i - g (w i).
Proof.
rewrite /right_of; case/andP=> Qi; have [Pi bp|nP o0] := boolP (P i); last by exists N.+1; rewrite ?ltnS ?bN ?leqnn // footN tiltN out_right.
exists (place i).+1; first by rewrite ltnS bp ltnW // ltnS place_lt.
rewrite tilt_place // ler_add2r foot_place //; apply: clip_high.
by rewrite -foot_place // (lt_le_trans _ (foot_le (_ : b.+1 <= _)%N)) // (le_lt_trans _ wide) ?foot_ge.
Qed.
Lemma gap_apart : [/\ - rho + f 0 <= rho - g 0, forall i, right_of i -> - rho + f 0 <= o i - g (w i),
  forall i, left_of i -> o i + f (w i) <= rho - g 0 & forall i k, left_of i -> right_of k -> o i + f (w i) <= o k - g (w k)].
Proof.
have far l r : (l <= a)%N -> (b < r <= N.+1)%N -> foot l + f (tilt l) <= foot r - g (tilt r).
  by move=> la rb; rewrite -subr_ge0; have := apart la rb; rewrite -subr_ge0; congr (is_true (0 <= _)); ring.
have wall : (b < N.+1 <= N.+1)%N by rewrite ltnS bN leqnn.
split.
- by have := far _ _ (leq0n a) wall; rewrite footN tiltN.
- by move=> i /right_ge[r rb]; apply: le_trans; exact: far (leq0n a) rb.
- by move=> i /left_le[l la] le; apply: le_trans le _; have := far _ _ la wall; rewrite footN tiltN.
- move=> i k /left_le[l la] le /right_ge[r rb]; apply: le_trans; apply: le_trans le _; exact: far.
Qed.
End Gap.
End Sorted.
