"""Records: how well a crease can be hidden, d' = 2, between exact instances and proved bounds.

In the scaled strip |x| <= 1, |tau| <= h (kappa = rho = gamma = 1) an instance with N counted lines and sup |h| = eps shows
that kappa rho/(gamma eps) = 1/eps is reached. Two counts: "all" (every other crease) and "opp" (the opposing ones). Three
heights: the lowest of which Theorem C speaks (3/N), 5/4, and an endless strip, whose instances hold at every height and in
balls at small angles.

COUNT_NODES_REGIME.json   one instance each, in rationals; instances.py makes a row of every file
record_table.py           the intervals for N = 1, .., 12: `python -m proofs show record-table [--markdown]`
same_sign_count.py        a bound that the search led to: opposing creases alone hide little, every d'
all_count.py              with Theorems A, B, C it is the upper side of the all-count, every d'
all_count_lowest.py       and 5N/3 is reached at the lowest height, every N
_hidden.py                reads and checks an instance; no solver, no floats

`python -m proofs.search --count all --nodes 8 --height 5/4 --seconds 60 -o proofs/records/all_08_5_over_4.json` looks for
a better one; it writes only improvements, and nothing that it computes is believed.
"""
