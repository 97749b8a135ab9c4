"""Theorem B, walls and Lemma 1: reflect in the walls; a gap and its neighbours bound 1/a + 1/b.

Certifies   1/a_k + 1/b_k <= max(1/t, 2/g) + max(1/t, 2/G), G the sum of three neighbouring gaps, and the
            reflection's algebra.
Does not    need equal gaps or a finite t. Scaled: gamma = rho = 1.
"""

from __future__ import annotations

from ..entry import Entry, Step
from ._algebra import SIGNS, at_least, equal, positives, reals
from .theorem_b_cells import OL, OR, PAIR_ABOVE, PAIR_BELOW, WL, WR

G, P, Q, U, V, C = positives("g p q u v c")
ALPHA, BETA = positives("alpha beta")
SLOPE = (ALPHA - BETA) / (ALPHA + BETA)  # every w in (-1, 1)
PERIOD = 4
EACH = 2 / G  # at least a pair's quotient


def both(first, second):
    """The right side of Lemma 1 where 1/t is smaller, and the left side for two pairs of extreme slopes."""
    return 2 / first + 2 / second


def image(line, wall):
    """Reflection of the line x = o + w tau in the wall x = +-1."""
    offset, slope = line
    return 2 * wall - offset, -slope


def reflections() -> None:
    line = (OL, WL)
    for wall in SIGNS:
        x, tau = reals("x tau")
        offset, slope = image(line, wall)
        # (x, tau) -> (2 wall - x, tau)
        equal((2 * wall - x - (offset + slope * tau)) + (x - (OL + WL * tau)), 0)
        equal((offset + OL) / 2, wall)
    back = image(image(line, -1), 1)
    equal(back[0] - OL, PERIOD)
    equal(back[1], WL)


def wall_pairs() -> None:
    """The wall R = 1, w = 0 against L gives the same quotient as L's image; alike for the left wall, and
    below."""
    for pair in (PAIR_ABOVE, PAIR_BELOW):
        mirrored = image((OL, WL), 1)
        equal(pair.subs({OR: 1, WR: 0}), pair.subs({OR: mirrored[0], WR: mirrored[1]}))
        mirrored = image((OR, WR), -1)
        equal(pair.subs({OL: -1, WL: 0}), pair.subs({OL: mirrored[0], WL: mirrored[1]}))
        right, left = image((OL, WL), 1), image((OR, WR), 1)  # a mirrored gap has the same quotients
        equal(pair, pair.subs({OL: left[0], WL: left[1], OR: right[0], WR: right[1]}, simultaneous=True))


def each_at_most() -> None:
    """|w_L - w_R| <= 2 and o_R - o_L = g + p >= g."""
    other = SLOPE.subs({ALPHA: P, BETA: Q})
    for pair in (PAIR_ABOVE, PAIR_BELOW):
        at_least(EACH, pair.subs({WL: SLOPE, WR: other, OL: 0, OR: G + U}))
    equal(PAIR_ABOVE.subs({WL: 1, WR: -1, OL: 0, OR: G}), EACH)


def one_end_shared() -> None:
    """L = L': (w_L - w_R)/D + (w_R' - w_L)/D' <= (1 + w_L)/D + (1 - w_L)/D' <= 2/g; R = R' alike, with
    -w_R."""
    upper, lower = PAIR_ABOVE.subs({OL: 0, OR: G + P}), PAIR_BELOW.subs({OL: 0, OR: G + Q})
    # L = L': extreme w_R = -1, w_R' = 1; w_R = -1 + u only lowers the sum
    worst = (upper.subs({WR: -1}) + lower.subs({WR: 1})).subs(WL, SLOPE)
    equal(worst, (1 + SLOPE) / (G + P) + (1 - SLOPE) / (G + Q))
    at_least(EACH, worst)
    at_least(upper.subs(WR, -1), upper.subs(WR, -1 + U))
    at_least(lower.subs(WR, 1), lower.subs(WR, 1 - U))
    worst = (upper.subs({WL: 1}) + lower.subs({WL: -1})).subs(WR, SLOPE)
    at_least(EACH, worst)
    at_least(upper.subs(WL, 1), upper.subs(WL, 1 - U))
    at_least(lower.subs(WL, -1), lower.subs(WL, -1 + U))


def ends_differ() -> None:
    """D, D' >= g and D + D' >= g + G, G = g + e: 2/D + 2/D' <= 2/g + 2/G."""
    previous, current, following = positives("g_before g g_after")
    o = [0, previous, previous + current, previous + current + following]  # o_(k-1), o_k, o_(k+1), o_(k+2)
    three = previous + current + following  # G
    equal(o[3] - o[0], three)
    equal((o[2] + o[3]) - (o[1] + o[0]), current + three)
    excess, room = P + U, V  # p <= e: D = g + p, D' >= g + e - p
    at_least(both(G, G + excess), both(G + P, G + (excess - P) + room))
    at_least(both(G, G + P), both(G + P + U, G + Q))  # p >= e = P: D = g + p >= G, D' >= g


def equal_gaps() -> None:
    """Offsets -g, 0, g, 2g with slopes -1, 1, -1, 1: the gap between 0 and g attains the lemma, G = 3g."""
    first = PAIR_ABOVE.subs({OL: 0, WL: 1, OR: G, WR: -1})
    second = PAIR_BELOW.subs({OL: -G, WL: -1, OR: 2 * G, WR: 1})
    equal(first + second, both(G, 3 * G))


def one_is_small() -> None:
    """max(1/t, U) with U <= c = 1/t and V <= 2/g: the sum is at most c + max(c, 2/g)."""
    for first in (C, C + U):  # max(c, 2/g)
        for second in (C, C + V):  # max(c, 2/G)
            at_least(first + second, first + C)


ENTRY = Entry(
    name="theorem-b-pairs",
    label="Theorem B, walls and Lemma 1",
    kind="proof",
    statement="Scale gamma = rho = 1, |w_i| <= 1. Reflect the lines in both walls: (o, w) -> (2 - o, -w), (-2"
    " - o, -w), and so on with period 4. In the extended sequence, for a gap g = g_k > 0 and G = g_(k-1) +"
    " g_k + g_(k+1): 1/a_k + 1/b_k <= max(1/t, 2/g) + max(1/t, 2/G).",
    certifies="The reflections, that wall pairs are image pairs, and the three cases of Lemma 1 on their whole ranges.",
    does_not="A maximum over infinitely many pairs is attained because the quotients tend to 0 (words).",
    steps=(
        Step("The reflections in the walls x = 1 and x = -1, and their product, the shift by 4.", reflections),
        Step(
            "A wall pair (L, wall) has the quotient w_L/(1 - o_L) of the pair of L with its image; mirrored"
            " gaps have the same quotients. So 1/a_k and 1/b_k are at most the maxima over the extended"
            " sequence.",
            wall_pairs,
        ),
        Step("U, V the two maxima over pairs: U, V <= 2/g, since |w_L - w_R| <= 2 and o_R - o_L >= g.", each_at_most),
        Step("If U or V is at most 1/t: the sum is at most 1/t + max(1/t, 2/g).", one_is_small),
        Step(
            "Otherwise both are positive, attained at pairs (L, R), (L', R') that differ, because the"
            " numerators have opposite signs. If they share an end: U + V <= 2/g.",
            one_end_shared,
            words=True,
        ),
        Step(
            "If both ends differ: D + D' >= (o_(k+1) + o_(k+2)) - (o_k + o_(k-1)) = g + G with D, D' >= g,"
            " so 2/D + 2/D' <= 2/g + 2/G.",
            ends_differ,
        ),
        Step("Equal gaps and alternating extreme slopes attain it.", equal_gaps),
    ),
)
