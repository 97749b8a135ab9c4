"""What the gap is made of: from the bound with the gradient of all of A_k down to the measured sine, factor by factor.

Theorem A bounds the sine between a teacher's boundary and a student's by the number of opposing creases, times the
observer's largest gradient, over kink mass and radius. Every bar begins at the measured sine (1) and ends at that bound,
its pieces are what the bound gives away, each the geometric mean over (teacher node, observer) pairs, so that they multiply
to the whole. From the right end on:
  search       the upper end of the certified gradient for its lower end
  domain       the largest |h_k| on the ball of the bound, for that on all of A_k
  affine part  the distance of h_k from affine functions there: the proof's second differences do not see them
  radius       the best smaller ball: fewer creases meet it, and h_k is smaller
  count        one student's crease where the ball has several that oppose the teacher's
  rest         what is left with a single crease: the 4 of the proof, and that this student need not be at its worst
The diamond is the sharp row of `check`, certified; it uses these balls modulo affine functions (the local form), other
bodies and methods, whichever says least. The right end is certified too, as far as floats go; what lies between is found by
climbing from random points, so that a piece may be a little too long, its neighbour too short: no proof uses them.

To see: search is next to nothing; domain, affine part and radius are what the local form takes away, a factor of 10 to 85.
The diamond lies about where only count and rest are left at d' = 17, and well below elsewhere. Pairs that Theorem A alone says
nothing of are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from _script import directory, saved
from _theorem_a import View, sine, views
from matplotlib import rc_context
from matplotlib.figure import Figure
from scipy.optimize import linprog

from twolayer import check
from twolayer.certify import RidgeSum
from twolayer.plotting import INK, STYLE, decades
from twolayer.synthetic import Case, instances

ALT = (
    "Four bars, d' = 2, 3, 6 and 17, from the measured sine to a bound hundreds of times above it: domain and affine part "
    "are most of it, and the certified sharp bound lies to their left."
)
PARTS = ("rest", "count", "radius", "affine part", "domain", "search")  # from the measured sine on
COLOURS = ("#a0a0aa", "#e69f00", "#56b4e9", "#009e73", "#0072b2", "#d55e00")
RUNS = (
    Case("along training", 2, 6, 4, 8, 2, 1, target=1e-8),
    Case("along training", 3, 8, 4, 8, 2, 0, target=1e-8),
    Case("along training", 6, 12, 4, 8, 3, 0, target=1e-7),
    Case("along training", 17, 27, 4, 8, 3, 0, target=1e-6),
)
STUDENT = 1e-6  # of every run the first student with a certified gradient below it: floats still see its h_k
GAP = 0.05  # relative width of the enclosures
STARTS, STEPS = 16, 6  # climbs in a ball up and as many down, and steps of each
ROUNDS = 4  # of fitting the affine part to the points found so far
MOST_RADII = 8  # smaller balls tried
MOST_PAIRS = 14  # of a student
SEED = 0


@dataclass(frozen=True, eq=False)
class Gap:
    """A student's pairs.   factors (pairs, PARTS): what multiplies to the bound over the measured sine

    sharp   (pairs,)   the certified sharp bound over the measured sine
    """

    name: str
    gradient: float
    factors: np.ndarray
    sharp: np.ndarray


def data(runs=RUNS, most: int = MOST_PAIRS, seed: int = SEED) -> list[Gap]:
    """One student of every run, taken apart."""
    return [_gap(case, most, np.random.default_rng(seed)) for case in runs]


def _gap(case: Case, most: int, rng) -> Gap:
    results = (check(drawn.instance, gap=GAP, statements=["theorem-2"]) for drawn in instances(case))
    result = next(result for result in results if result.gradient[1] < STUDENT)
    pairs = [view for _, view in views(result) if view.measured and view.bound and view.bound < 1 and _says_something(view)]
    pairs = pairs[:: -(-len(pairs) // most)]
    factors = np.array([_factors(view, rng) for view in pairs])
    sharp = np.array([view.bound / view.measured for view in pairs])
    return Gap(f"d' = {case.dimension}", result.gradient[1], factors, sharp)


def _says_something(view: View) -> bool:
    """Whether Theorem A alone, with which the chain of factors begins, bounds the pair; the sharp form may by another way."""
    return bool(np.isfinite(min(view.sine(view.epsilon[1], radius) for radius in view.radii)))


def _factors(view: View, rng) -> list[float]:
    """PARTS of a pair, each at least 1 but for what climbing misses."""
    lower, upper = view.epsilon
    whole = min(view.radii, key=lambda radius: view.sine(upper, radius))
    smaller = view.radii[view.radii <= whole]
    smaller = smaller[np.unique(np.linspace(0, len(smaller) - 1, MOST_RADII).astype(int))]
    gradients = {radius: largest(view.gradient, view.centre, radius, rng) for radius in smaller}
    best = min(smaller, key=lambda radius: view.sine(gradients[radius][1], radius))
    chain = [
        view.sine(upper, whole),
        view.sine(lower, whole),
        view.sine(gradients[whole][0], whole),
        view.sine(gradients[whole][1], whole),
        view.sine(gradients[best][1], best),
        sine(1, 0.0, view.kappa * best / (4 * gradients[best][1])),
        view.measured,
    ]
    return [a / b for a, b in zip(chain[:-1], chain[1:], strict=True)][::-1]


def largest(h: RidgeSum, centre: np.ndarray, radius: float, rng) -> tuple[float, float]:
    """(largest |h|, least over affine g of the largest |h - g|) on a ball, as climbing from random points finds them."""
    f, d = h.floats, len(centre)
    P, beta = radius * f.P, f.beta + f.P @ centre
    flat, level = radius * f.slope, f.offset + f.slope @ centre

    def values(Y: np.ndarray) -> np.ndarray:
        return np.maximum(Y @ P.T + beta, 0.0) @ f.c + Y @ flat + level

    def climbed(g: np.ndarray) -> np.ndarray:
        """Points of the unit ball on the way up h - g and down: each step goes to where its linear part is largest."""
        Y, seen = rng.standard_normal((2 * STARTS, d)), []
        Y *= (rng.random(len(Y)) ** (1 / d) / np.linalg.norm(Y, axis=1))[:, None]
        sign = np.repeat([1.0, -1.0], STARTS)[:, None]
        for _ in range(STEPS):
            seen.append(Y)
            slopes = sign * ((Y @ P.T + beta > 0) * f.c @ P + flat - g[:-1])
            Y = slopes / np.maximum(np.linalg.norm(slopes, axis=1), np.finfo(float).tiny)[:, None]
        return np.concatenate([*seen, Y])

    points = climbed(np.zeros(d + 1))
    whole = float(abs(values(points)).max())
    least = 0.0
    for n in range(ROUNDS):
        least, g = fitted(points, values(points))
        if n < ROUNDS - 1:
            points = np.concatenate([points[_far(points, values(points), g)], climbed(g)])
    return whole, min(least, whole)


def _far(points: np.ndarray, values: np.ndarray, g: np.ndarray) -> np.ndarray:
    """The half of the points that are farthest from an affine function: those that hold it where it is."""
    distance = abs(values - points @ g[:-1] - g[-1])
    return distance >= np.median(distance)


def fitted(points: np.ndarray, values: np.ndarray) -> tuple[float, np.ndarray]:
    """(the least largest distance of an affine function from the values, its slope and constant).   -> (), (d + 1,)"""
    size = abs(values).max()
    columns, ones = np.column_stack([points, np.ones(len(points))]), np.ones((len(points), 1))
    A = np.concatenate([np.hstack([columns, -ones]), np.hstack([-columns, -ones])])
    cost = np.append(np.zeros(columns.shape[1]), 1.0)
    program = linprog(cost, A, np.concatenate([values, -values]) / size, bounds=(None, None), method="highs")
    return float(program.x[-1] * size), program.x[:-1] * size


def draw(gaps: list[Gap]) -> Figure:
    """A bar for each student."""
    with rc_context(STYLE):
        figure = Figure(figsize=(6.4, 1.6 + 0.7 * len(gaps)), layout="constrained")
        axes = figure.subplots()
        axes.grid(True, axis="x")
        axes.set_axisbelow(True)
        tops = []
        for y, gap in enumerate(gaps):
            ends = np.concatenate([[1.0], np.cumprod(np.exp(np.log(gap.factors).mean(axis=0)))])
            tops.append(ends.max())
            for part, colour, low, high in zip(PARTS, COLOURS, ends[:-1], ends[1:], strict=True):
                label = part if y == 0 else None
                axes.barh(y, high - low, left=low, height=0.55, color=colour, label=label)
            middle = float(np.exp(np.log(gap.sharp).mean()))
            axes.plot(middle, y, marker="D", markersize=8, color=INK, markeredgecolor="white", linestyle="none", zorder=3)
        axes.plot([], [], marker="D", color=INK, linestyle="none", label="sharp, certified")
        decades(axes, "x", 1.0, max(tops))
        axes.set_xlim(0.9, 1.3 * max(tops))
        axes.set_yticks(range(len(gaps)), [gap.name for gap in gaps])
        axes.invert_yaxis()
        axes.set_xlabel("times the measured sine")
        figure.legend(loc="outside upper center", ncols=4)
    return figure


def main(argv=None) -> Path:
    """Write what_the_gap_is_made_of.png and print the factors."""
    out = directory(argv, __doc__, __file__)
    gaps = data()
    print("geometric means over pairs; the parts multiply to the whole, the sharp bound is another number")
    print(f"{'':>8} {'pairs':>5} {'sup |g1|':>9} " + " ".join(f"{part:>11}" for part in PARTS) + "       whole       sharp")
    for gap in gaps:
        means = np.exp(np.log(gap.factors).mean(axis=0))
        numbers = " ".join(f"{x:11.3g}" for x in (*means, means.prod(), np.exp(np.log(gap.sharp).mean())))
        print(f"{gap.name:>8} {len(gap.sharp):5d} {gap.gradient:9.1e} {numbers}")
    return saved(draw(gaps), out / "what_the_gap_is_made_of.png")


if __name__ == "__main__":
    main()
