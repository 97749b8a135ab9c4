"""The constructive parts of the proofs, in exact rationals: points at which a hidden crease must show.

No square root is taken. Where a proof has a unit normal n and a step t n, the functions take any normal p and
the step tau p: then t = tau |p|, and all inner products, kink masses times t, and squared lengths are
rational.

bang_point          a point outside all slabs (Bang's lemma)
three_evaluations   Bang's point on a crease and the points above and below it: max |h| >= |kappa| t / 4
cell_points         Theorem B's tilted chord across H in the best gap between opposing lines (d' = 2)
parallel_chords     Theorem C's two chords parallel to a removed line (d' = 2)
parallelogram       Theorem C2's corners, with sides parallel to two removed lines (d' = 2)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

Vector = tuple[Fraction, ...]
Line = tuple[Fraction, Fraction]  # (o, w): x = o + w tau


@dataclass(frozen=True)
class Ridges:
    """h(y) = sum c relu(p . y + beta) + slope . y + constant, over nodes (c, p, beta); exact rationals."""

    nodes: tuple[tuple[Fraction, Vector, Fraction], ...]
    slope: Vector
    constant: Fraction

    def __post_init__(self) -> None:
        for _, p, _ in self.nodes:
            if len(p) != len(self.slope):
                raise ValueError(f"the slope has {len(self.slope)} entries, so every p needs as many; got {len(p)}")


@dataclass(frozen=True)
class Outside:
    """Bang's point: signs (N,), point = sum of signs_i widths_i vectors_i / |vectors_i|^2, and the flips it
    took."""

    signs: tuple[int, ...]
    point: Vector
    flips: int


@dataclass(frozen=True)
class Evidence:
    """Points with a proved lower bound on max |h| over them, whatever |h| is elsewhere."""

    points: tuple[Vector, ...]
    lower: Fraction


def dot(left: Sequence[Fraction], right: Sequence[Fraction]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))


def moved(point: Sequence[Fraction], step: Fraction, direction: Sequence[Fraction]) -> Vector:
    return tuple(a + step * b for a, b in zip(point, direction, strict=True))


def value(h: Ridges, y: Sequence[Fraction]) -> Fraction:
    """h(y), exactly."""
    ridges = (c * max(dot(p, y) + beta, Fraction(0)) for c, p, beta in h.nodes)
    return sum(ridges, dot(h.slope, y) + h.constant)


def bang_point(vectors: Sequence[Vector], offsets: Sequence[Fraction], widths: Sequence[Fraction]) -> Outside:
    """A point s with |<a_i, s> - m_i| >= w_i for all i, and |s| <= sum w_i/|a_i|.

    (N, m), (N,), (N,). The a_i need not be unit vectors: for a_i = |a_i| u_i this is Bang's lemma with
    offsets m_i/|a_i| and widths w_i/|a_i|. Each flip strictly increases |s|^2 - 2 sum e_i w_i m_i/|a_i|^2, so
    no sign vector comes twice and the search ends. Errors: a zero vector, a negative width, lengths that
    differ. Source: lemma bang.
    """
    if not len(vectors) == len(offsets) == len(widths):
        raise ValueError(
            f"expected as many offsets and widths as vectors; got {len(vectors)} vectors, "
            f"{len(offsets)} offsets, {len(widths)} widths"
        )
    if any(w < 0 for w in widths):
        raise ValueError(f"widths need to be >= 0; got {min(widths)}")
    squares = [dot(a, a) for a in vectors]
    if not all(squares):
        raise ValueError(f"vector {squares.index(Fraction(0))} is 0: it has no slab; leave it out")
    signs = [1] * len(vectors)
    scale = [w / square for w, square in zip(widths, squares, strict=True)]
    point: Vector = (Fraction(0),) * (len(vectors[0]) if vectors else 0)
    for i, a in enumerate(vectors):
        point = moved(point, scale[i], a)
    flips = 0
    while True:
        wrong = [i for i, a in enumerate(vectors) if signs[i] * (dot(a, point) - offsets[i]) < widths[i] != 0]
        if not wrong:
            return Outside(tuple(signs), point, flips)
        i = wrong[0]
        point = moved(point, -2 * signs[i] * scale[i], vectors[i])
        signs[i], flips = -signs[i], flips + 1


def creases(h: Ridges) -> dict[tuple[Vector, Fraction], Fraction]:
    """{(p, beta), first nonzero weight 1: sum of c |scale|}: kink masses in units of |p|; nodes with p = 0
    have none."""
    masses: dict[tuple[Vector, Fraction], Fraction] = {}
    for c, p, beta in h.nodes:
        scale = next((weight for weight in p if weight), None)
        if scale is not None:
            hyperplane = (tuple(weight / scale for weight in p), beta / scale)
            masses[hyperplane] = masses.get(hyperplane, Fraction(0)) + c * abs(scale)
    return masses


def three_evaluations(
    h: Ridges, hyperplane: tuple[Vector, Fraction], centre: Vector, tau: Fraction, radius_squared: Fraction | None = None
) -> Evidence:
    """Bang's point x on a crease H = {p . y + beta = 0} with x +- tau p: max |h| over the three >= |kappa_H|
    t/4, t = tau |p|.

    centre lies on H. The opposing creases that meet the cylinder {|x - centre|^2 <= radius_squared, |step| <=
    t} are avoided (all opposing ones if radius_squared is None); h must be as given on the cylinder, whose
    cap may be asked for.
    Errors: centre off H, tau <= 0, an opposing crease parallel to H within t, Bang's point outside the
    cylinder.
    Source: Theorem A and lemma three-evaluations.
    """
    p, beta = hyperplane
    length = dot(p, p)
    if not length or tau <= 0 or dot(p, centre) + beta:
        raise ValueError(
            f"expected p != 0, tau > 0 and a centre on p . y + beta = 0; got p = {p}, tau ="
            f" {tau}, "
            f"p . centre + beta = {dot(p, centre) + beta}"
        )
    scale = next(weight for weight in p if weight)
    key = (tuple(weight / scale for weight in p), beta / scale)
    masses = creases(h)
    mass = masses.pop(key, Fraction(0))
    vectors, offsets, widths = [], [], []
    for (q, gamma), other in masses.items():
        at_centre, rise = dot(q, centre) + gamma, abs(dot(q, p)) * tau
        along = moved(q, -dot(q, p) / length, p)
        gap = abs(at_centre) - rise  # by how much the crease misses the segment at the centre
        square = dot(along, along)
        if other * mass >= 0 or (radius_squared is not None and gap > 0 and gap**2 > radius_squared * square):
            continue
        if square:
            vectors.append(along)
            offsets.append(-at_centre)
            widths.append(rise)
        elif gap < 0:
            raise ValueError(f"the opposing crease {q} . y + {gamma} = 0 is parallel to H and within t: take a smaller tau")
    shift = bang_point(vectors, offsets, widths).point or (Fraction(0),) * len(p)
    if radius_squared is not None and dot(shift, shift) > radius_squared:
        raise ValueError(
            f"Bang's point is at squared distance {dot(shift, shift)} from the centre, outside"
            " the cylinder "
            f"of squared radius {radius_squared}: take a smaller tau"
        )
    x = moved(centre, Fraction(1), shift)
    points = (moved(x, tau, p), x, moved(x, -tau, p))
    return Evidence(points, abs(mass * dot(key[0], p)) * tau / 4)


def clipped(lines: Iterable[Line], rho: Fraction) -> list[Line]:
    """Offsets moved to [-rho, rho], sorted, between the walls x = -rho and x = rho."""
    inside = sorted((max(-rho, min(rho, offset)), slope) for offset, slope in lines)
    return [(-rho, Fraction(0)), *inside, (rho, Fraction(0))]


def reach(quotients: Iterable[Fraction], t: Fraction) -> Fraction:
    """1/max(1/t, quotients)."""
    return 1 / max([1 / t, *quotients])


def cell_points(lines: Sequence[Line], rho: Fraction, t: Fraction) -> Evidence:
    """Theorem B's points (A, x0, B), in coordinates (x, tau) with H = {tau = 0}: max |h| over them >= |kappa|
    a b/(2 (a + b)).

    lines: the opposing ones, x = o + w tau; the cylinder is |x| <= rho, |tau| <= t; lower is per unit of kink
    mass. The gap with the smallest 1/a + 1/b is taken. Source: lemma theorem-b-cells.
    """
    if rho <= 0 or t <= 0:
        raise ValueError(f"expected rho > 0 and t > 0; got rho = {rho}, t = {t}")
    walls = clipped(lines, rho)
    best: tuple[Fraction, tuple[Vector, ...]] | None = None
    for k in range(len(walls) - 1):
        if walls[k][0] == walls[k + 1][0]:
            continue
        left, right = walls[: k + 1], walls[k + 1 :]
        pairs = [(wl - wr, r - o) for o, wl in left for r, wr in right]
        a = reach((w / d for w, d in pairs), t)
        b = reach((-w / d for w, d in pairs), t)
        above, below = (max(o + w * height for o, w in left) for height in (a, -b))
        crossing = (b * above + a * below) / (a + b)
        lower = a * b / (a + b) / 2
        if best is None or lower > best[0]:
            best = lower, ((above, a), (crossing, Fraction(0)), (below, -b))
    assert best is not None  # rho > 0: some gap is not empty
    return Evidence(best[1], best[0])


def parallel_chords(lines: Sequence[Line], rho: Fraction, t: Fraction) -> Evidence | None:
    """Theorem C's four points (end, start of the upper chord; start, end of the lower): max |h| >= |kappa|/(2
    (1/v+ + 1/v-)).

    lines: ALL creases other than H, x = o + w tau; lower is per unit of kink mass. The best line j to remove
    is taken, None if no line has room (neighbours that coincide on H, or no lines). Source: lemma theorem-c.
    """
    best: tuple[Fraction, tuple[Vector, ...]] | None = None
    walls = clipped(lines, rho)
    for j in range(1, len(walls) - 1):
        left, w, right = walls[:j], walls[j][1], walls[j + 1 :]
        if left[-1][0] == right[0][0]:
            continue
        chords = []
        for side in (1, -1):  # up, down
            v = reach(
                (
                    (max(side * (wl - w), Fraction(0)) + max(side * (w - wr), Fraction(0))) / (r - o)
                    for o, wl in left
                    for r, wr in right
                ),
                t,
            )
            start = max(o + max(side * (wl - w), Fraction(0)) * v for o, wl in left)
            chords.append((v, (start, Fraction(0)), (start + side * w * v, side * v)))
        (up, foot, top), (down, head, bottom) = chords
        lower = 1 / (1 / up + 1 / down) / 2
        if best is None or lower > best[0]:
            best = lower, (top, foot, head, bottom)
    return None if best is None else Evidence(best[1], best[0])


def parallelogram(lines: Sequence[Line], rho: Fraction, t: Fraction) -> Evidence | None:
    """Theorem C2's four points (above, two on H, below): max |h| >= |kappa| a/4.

    lines: ALL creases other than H, x = o + w tau; lower is per unit of kink mass. The best two neighbours to remove are
    taken, None if no two have room, or there is one line only. Source: lemma theorem-c2.
    """
    best: tuple[Fraction, tuple[Vector, ...]] | None = None
    walls = clipped(lines, rho)
    for j in range(1, len(walls) - 2):
        left, (_, w), (_, v), right = walls[:j], *walls[j : j + 2], walls[j + 2 :]
        if left[-1][0] == right[0][0]:
            continue
        mean, half = (w + v) / 2, abs(w - v) / 2
        a = reach(((max(half, abs(wl - mean)) + max(half, abs(wr - mean))) / (r - o) for o, wl in left for r, wr in right), t)
        centre = max(o + a * max(half, abs(wl - mean)) for o, wl in left)
        if best is None or a / 4 > best[0]:
            sides = [(centre + side * a * half, Fraction(0)) for side in (1, -1)]
            best = a / 4, ((centre + a * mean, a), *sides, (centre - a * mean, -a))
    return None if best is None else Evidence(best[1], best[0])
