"""The same-sign count, every d': opposing creases alone hide little, however many they are.

Certifies   kappa min(t, m_n rho/((N_same + 1) gamma)) <= 4 eps: the convex order, the double cone, the weights, the
            mean m_n of |<u, e>| on the sphere for every n, the ball form; sharp for d' = 2 (N_same = 0, .., 4).
Does not    claim sharpness for d' >= 3 or in tall strips.
"""

from __future__ import annotations

from fractions import Fraction

import sympy

from ..entry import Entry, Step
from ..lemmas._algebra import SIGNS, absolute, acute, at_least, equal, positives, reals, relu
from ._hidden import Instance, check_eps, check_lines, creases

EPS, KAPPA, RHO, GAMMA, A, B, S, D, MORE = positives("eps kappa rho gamma a b s d more")
N_SAME, DIM = positives("N_same n")
MEAN = sympy.gamma(DIM / 2) / (sympy.sqrt(sympy.pi) * sympy.gamma((DIM + 1) / 2))  # m_n = E |<u, e>|, |e| = 1 in R^n
HALF_WIDTH = RHO / (N_SAME + 1)  # b: a ball of radius b in H that no same-sign crease meets
M = positives("m")[0]  # m_n, 0 < m_n <= 1
HEIGHT = M * HALF_WIDTH / GAMMA  # a: half the height of the double cone
BALL = 4 * EPS * sympy.sqrt((N_SAME + 1) ** 2 * GAMMA**2 / M**2 + 1)  # of kappa r
SINE = 4 * (N_SAME + 1) / M * EPS / KAPPA  # of r sin theta_min
# Two opposing creases, N_same = 0, every height t >= 1: relu(tau) - (relu(x - tau) + relu(x + tau))/2 + ..
HIDDEN = Instance(
    "all",
    2,
    None,
    tuple((Fraction(-1, 2), Fraction(1), Fraction(q), Fraction(0)) for q in SIGNS),
    (Fraction(1, 2), Fraction(-1, 2), Fraction(1, 4)),
    Fraction(1, 4),
)


def convex_order() -> None:
    """(d - s)^+ + (-d - s)^+ <= 2 E (X - s)^+ if X is symmetric and E |X| >= d; -s, by symmetry and an affine
    part, is the same.

    s >= d: the left side is 0. s < d: it is d - s; 2 (X - s)^+ = |X - s| + X - s, E X = 0, and |X - s| + |X + s|
    >= 2 |X| pointwise.
    """
    equal(relu(-(D + MORE) + D), 0)
    small = D / (1 + MORE)  # s
    equal(relu(D - small) + relu(-D - small), D - small)
    for x in (S, S + MORE, S / (1 + MORE)):  # X = s, more, less
        equal(2 * relu(x - S), absolute(x - S) + x - S)
        at_least(absolute(x - S) + absolute(x + S), 2 * x)
    reflected = reals("X s")  # relu(z) and relu(-z) differ by z, and both sides agree on z: d, -d against E X = 0
    equal((D - reflected[1]) + (-D - reflected[1]), 2 * (0 - reflected[1]))


def double_cone() -> None:
    """|x - x0|/b + |tau|/a <= 1: <u, x - x0> + w tau has its extremes +-b (the rim) and +-w a (the tips)."""
    slope = GAMMA / (1 + MORE)  # |w|
    for mean in (1, 1 / (1 + S)):  # 0 < m_n <= 1
        at_least(B, slope * (mean * B / GAMMA))
        at_least(mean * B, slope * (mean * B / GAMMA))  # b E |<u, e>| >= |w| a


def room() -> None:
    """Bang's lemma with half-widths b: |x0| <= N_same b = rho - b."""
    equal(N_SAME * HALF_WIDTH, RHO - HALF_WIDTH)
    equal(HEIGHT, M * HALF_WIDTH / GAMMA)


def weights() -> None:
    """relu(tau) is a at one tip and 0 at the other and on H; the weights are 1, 1 and -2 in all, size 4."""
    equal(KAPPA * (A + 0 - 2 * 0), KAPPA * A)
    equal(sympy.solve(KAPPA * A - (1 + 1 + 2) * EPS, KAPPA)[0], 4 * EPS / A)


def mean_on_the_sphere() -> None:
    """The density of <u, e> is proportional to (1 - z^2)^((n-3)/2) (n >= 2): a ratio of two Beta integrals."""
    z = sympy.Symbol("z", positive=True)
    power = (DIM - 3) / 2
    equal(sympy.diff(-((1 - z**2) ** (power + 1)) / (2 * (power + 1)), z), z * (1 - z**2) ** power)
    first = 1 / (2 * (power + 1))  # integral of z (1 - z^2)^power over [0, 1]
    # and of (1 - z^2)^power: half of Beta(1/2, power + 1)
    whole = sympy.gamma(sympy.Rational(1, 2)) * sympy.gamma(power + 1) / sympy.gamma(power + sympy.Rational(3, 2)) / 2
    equal(sympy.gammasimp(first / whole / MEAN), 1)
    equal(MEAN.subs(DIM, 1), 1)
    equal(MEAN.subs(DIM, 2), 2 / sympy.pi)
    equal(MEAN.subs(DIM, 3), sympy.Rational(1, 2))


def ball() -> None:
    """rho^2 + a^2 = r^2: kappa r <= 4 eps r/a, and m <= 1 <= N_same + 1."""
    equal((4 * EPS * sympy.sqrt(RHO**2 + HEIGHT**2) / HEIGHT) ** 2, BALL**2)
    cosine, sine = acute()
    mean = 1 / (1 + S)
    difference = (SINE * KAPPA / sine) ** 2 - BALL.subs(GAMMA, cosine / sine) ** 2
    at_least(difference.subs(M, mean), 0)


def squares(z: Fraction) -> Fraction:
    """z^2 interpolated linearly between integers."""
    low = z.numerator // z.denominator
    return (2 * low + 1) * z - low * (low + 1)


def sharp(same: int) -> Instance:
    """`same` vertical creases of the same sign and diagonal opposing ones: relu(tau) hidden up to 1/(4 (same + 1)).

    In u, v = (same + 1)/2 (x, tau): |v|/2 - (Q(v - u) + Q(v + u))/4 + X(u)/2, Q and X interpolations of z^2 on grids of
    mesh 1, shifted against each other by 1/2, is between -1/8 and 1/8 for |v| <= 1 and has period 1 in u.
    """
    half = Fraction(same + 1, 2)  # the walls |u| = half lie on the grid of X
    shift = Fraction(1, 2) - half % 1  # Q has its mesh at the integers, after a shift of v - u and v + u
    terms = [(Fraction(1), Fraction(1), Fraction(0), k - half) for k in range(1, same + 1)]
    for k in range(-same - 4, same + 5):
        offset = k - shift
        if abs(offset) < half:  # those that cross H beyond the walls are not needed
            terms += [(Fraction(-1, 2), Fraction(1), Fraction(q), offset) for q in SIGNS]

    def wanted(u: Fraction, v: Fraction) -> Fraction:
        diagonal = squares(v - u + shift) + squares(v + u + shift)
        linear = 2 * shift * 2 * v + 2 * shift**2  # (z + shift)^2 against z^2, both arguments
        grid = squares(u - half) + 2 * half * u - half**2
        return abs(v) / 2 - (diagonal - linear) / 4 + grid / 2

    def affine_at(u: Fraction, v: Fraction) -> Fraction:
        bent = sum(mass * max(p * u + q * v - c, Fraction(0)) for mass, p, q, c in terms)
        return wanted(u, v) - max(v, Fraction(0)) - bent

    zero, one = Fraction(0), Fraction(1)
    constant = affine_at(zero, zero)
    a, b = ((affine_at(*point) - constant) * 8 for point in ((one / 8, zero), (zero, one / 8)))
    scaled = tuple((mass, p, q, c / half) for mass, p, q, c in terms)
    return Instance("all", len(terms), 1 / half, scaled, (a, b, constant / half), 1 / (8 * half))


def sharp_for_small_counts() -> None:
    """N_same = 0, .., 4, at t = 2 rho/(N_same + 1): sup |h| is 1/(4 (N_same + 1)), exactly."""
    for same in range(5):
        record = sharp(same)
        check_lines(record)
        check_eps(record)
        masses = creases(record).values()
        if (len(masses), sum(mass > 0 for mass in masses)) != (3 * same + 2, same):
            raise AssertionError(f"[not {same} creases of the same sign and {2 * same + 2} opposing ones]")
        equal(1 / sympy.Rational(str(record.eps)), (4 * EPS / HEIGHT * RHO / EPS).subs({N_SAME: same, M: 1, GAMMA: 1}))


def attained() -> None:
    """Endless strip, two opposing creases, no other: sup |h| = 1/4."""
    check_eps(HIDDEN)
    if any(mass > 0 for mass in creases(HIDDEN).values()):
        raise AssertionError("[a crease of the same sign]")


ENTRY = Entry(
    name="same-sign-count",
    label="same-sign count",
    kind="proof",
    statement="d' >= 2, n = d' - 1, |h| <= eps on the cylinder |x| <= rho, |tau| <= t around H = {tau = 0}. N_same"
    " creases of the same sign as H meet it, opposing ones without limit, |cot theta| <= gamma for all of them. Then"
    f" |kappa| min(t, m rho/((N_same + 1) gamma)) <= 4 eps, m = m_n = {MEAN}: 1, 2/pi, 1/2 for d' = 2, 3, 4. In a ball:"
    f" |kappa| r <= {BALL}, so r sin theta_min <= {SINE}. So a crease is hidden only by many creases of BOTH signs: the"
    " number of opposing ones alone (the students, if all alpha >= 0) does not matter. Refined: same-sign creases may be"
    " flatter, if sum of max(b, a |cot theta_i|) over them + b <= rho; then |kappa| a <= 4 eps for a = min(t, m"
    " b/gamma), gamma = max |cot| over the opposing ones.",
    certifies="The hinge form of the convex order on all cones, the double cone, the weights, m_n for every n, the"
    " ball. d' = 2: equality for N_same = 0, .., 4 at t = 2 rho/((N_same + 1) gamma) exactly, and for N_same = 0 at every"
    " height.",
    does_not="That convex functions are mixtures of hinges and affine ones, and |E| of a symmetric law, are words."
    " Equality for every N_same too, by the period 1 in u (then with all diagonals that meet the strip). Taller"
    " strips and d' >= 3: open.",
    steps=(
        Step(
            "Bang's lemma for the same-sign creases, half-widths b = rho/(N_same + 1): some x0 in H, |x0| <= rho - b, has"
            " |<u_i, x0> - m_i| >= b for each (refined: half-widths max(b, a |cot theta_i|)).",
            room,
        ),
        Step(
            "They miss the interior of the double cone K with rim |x - x0| = b in H and tips x0 +- a n, a = min(t, m"
            " b/gamma): |cot| a <= b.",
            double_cone,
        ),
        Step(
            "mu(h) = h(x0 + a n) + h(x0 - a n) - 2 E h(x0 + b e), e uniform on the unit sphere of H. It is 0 for affine"
            " functions, so for same-sign creases; kappa a for H; at most 4 eps in size.",
            weights,
        ),
        Step(
            "An opposing crease is -c phi, phi a convex function of <u, x> + w tau. At the tips that is z0 +- w a, on the"
            " rim z0 + b <u, e>, and b E |<u, e>| = b m >= |w| a: convex order gives mu(phi) <= 0, so mu(-c phi) >= 0.",
            convex_order,
            words=True,
        ),
        Step("m_n = E |<u, e>|; e = +-1 if n = 1.", mean_on_the_sphere),
        Step("So kappa a <= mu(h) <= 4 eps. Ball: rho^2 + a^2 = r^2.", ball),
        Step(
            "Sharp for d' = 2, t = 2 rho/((N_same + 1) gamma): N_same vertical creases at the mesh of X, 2 N_same + 2 opposing"
            " diagonals at the mesh of Q, h = |v|/2 - (Q(v - u) + Q(v + u))/4 + X(u)/2.",
            sharp_for_small_counts,
            samples="N_same = 0, .., 4",
        ),
        Step(
            "d' = 2, N_same = 0, every height: h = relu(tau) - (relu(x - tau) + relu(x + tau))/2 + x/2 - tau/2 + 1/4.", attained
        ),
    ),
)
