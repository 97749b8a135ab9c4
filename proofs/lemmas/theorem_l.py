"""Theorem L: hiding a crease needs total mass exponential in |kappa| rho tan(theta)/eps.

Certifies   the order-k mass form for every even k, n = 1 and n >= 1; the table of the resulting bounds.
Does not    compute e_k: see relu-distance; smaller values only weaken the bounds.
"""

from __future__ import annotations

from fractions import Fraction as Q

import sympy

from ..entry import Entry, Step
from ._algebra import acute, equal, positives, same
from .relu_distance import LOWER

EPS, KAPPA, T, RHO, C, K, MASS, GAMMA, HEIGHT = positives("eps kappa T rho c k M gamma q")
COS, SIN = acute()
FACT = sympy.factorial
BETA = T**K * 2 ** (1 - K) / FACT(K)  # bounds the integral of |beta|, psi = beta^(k)
SPLINE = FACT(K - 2) * 2 ** (K - 3) / RHO ** (K - 1)  # sup |X^(k-2)| for n = 1
CONVOLUTION = (2 * C * (K - 1) / RHO) ** (K - 1) / 2  # the same for any n, c = c*_n
LINE = T**K / (4 * K * (K - 1) * RHO ** (K - 1))  # factor of |kappa_i| (cos^2/sin) |cot|^(k-2), n = 1
SPACE = T * (C * (K - 1) * T / RHO) ** (K - 1) / (2 * FACT(K))  # the same for any n
E_K = sympy.Symbol("e_k", positive=True)
# <= eps, n = 1, T = q rho/gamma
VALUE = RHO / GAMMA * (E_K * KAPPA * HEIGHT - MASS * HEIGHT**K / (4 * K * (K - 1)))
BEST = (4 * (K - 1) * E_K * KAPPA / MASS) ** (1 / (K - 1))  # q
# >= kappa rho/(gamma eps)
HIDDEN = K / ((K - 1) * E_K) * (MASS / (4 * (K - 1) * E_K * KAPPA)) ** (1 / (K - 1))

# M/kappa -> bound
TABLE = {3: Q(24), 10: Q("50.6"), 30: Q(73), 100: Q("96.5"), 10**3: Q("142.3"), 10**4: Q(188), 10**6: Q(280)}


def equal_powers(left, right) -> None:
    """Assert that two products of powers with symbolic exponents are equal, by their logarithms."""
    equal(sympy.expand(sympy.expand_log(sympy.log(sympy.combsimp(left / right)), force=True)), 0)


def chebyshev() -> None:
    """T_0 = 1, T_1 = x and T_(k+1) = 2 x T_k - T_(k-1), T_k(cos phi) = cos(k phi): |T_k| <= 1, and the leading coefficient
    doubles from k = 1 on, as T_(k-1) has a lower degree.
    """
    phi, k = sympy.symbols("phi k", real=True)
    angles = sympy.expand_trig(sympy.cos(k * phi + phi) + sympy.cos(k * phi - phi))
    equal(angles, 2 * sympy.cos(phi) * sympy.cos(k * phi))
    leading = 2 ** (K - 1)
    equal(leading.subs(K, 1), 1)
    equal_powers(leading.subs(K, K + 1), 2 * leading)
    equal_powers((T**K / FACT(K)) / leading, BETA)


def ridges() -> None:
    """relu(cos tau + sin (z - m)): d_tau = cot d_z, and d_tau^2 leaves cos^2 on the crease, 1/sin after
    integrating z."""
    z, tau, m = sympy.symbols("z tau m", real=True)
    f = sympy.Function("f")
    node = f(COS * tau + SIN * (z - m))
    equal(sympy.diff(node, tau) - COS / SIN * sympy.diff(node, z), 0)
    equal(sympy.diff((COS * tau + SIN * (z - m)), tau) ** 2, COS**2)
    equal(1 / sympy.diff(COS * tau + SIN * (z - m), z), 1 / SIN)


def spline() -> None:
    """X^(k-2) = C sign U_(k-2)(x/rho); int sign U_m s^m = 2^(1-m), int sign U_m s^j = 0 for j < m."""
    scale = sympy.Symbol("scale", positive=True)
    mass = scale * RHO ** (K - 1) * 2 ** (1 - (K - 2)) / FACT(K - 2)
    equal_powers(sympy.solve(mass - 1, scale)[0], SPLINE)
    signs_against_sines()
    powers_of_the_cosine()
    equal(SPLINE.subs(K, 2), 1 / (2 * RHO))


def signs_against_sines() -> None:
    """M = m + 1, s = cos phi: i times the integral of sign sin(M phi) sin(i phi) over [0, pi] is the sum over r < M of
    (-1)^r (cos(i r pi/M) - cos(i (r + 1) pi/M)), the real part of (1 - zeta) sum (-zeta)^r, zeta = e^(i pi i/M).

    For 0 < i < M that is 0: zeta^M = (-1)^i, so (1 + zeta) sum (-zeta)^r = 1 - (-1)^(M + i) is 0 or 2, and
    (1 - zeta)/(1 + zeta) is imaginary. For i = M it is M times 2, one for each half-turn.
    """
    zeta, r, count = sympy.symbols("zeta r M", positive=True)
    phi = sympy.Symbol("phi", real=True)
    term = (-1) ** r * zeta**r  # the sum telescopes
    equal(sympy.powsimp(sympy.expand(term * (1 + zeta) - (term - term.subs(r, r + 1)))), 0)
    ratio = (1 - zeta) / (1 + zeta)
    equal(ratio + ratio.subs(zeta, 1 / zeta), 0)  # 1/zeta is the conjugate
    for parity in (0, 1):  # of M + i
        equal(1 - (-1) ** parity, 2 * parity)
    equal(count * sympy.integrate(sympy.sin(count * phi), (phi, 0, sympy.pi / count)), 2)


def powers_of_the_cosine() -> None:
    """cos^j sin is 2^-j sin((j + 1) phi) plus sines of smaller multiples: each factor cos halves and shifts by one."""
    phi, i = sympy.symbols("phi i", real=True)
    shifted = sympy.expand_trig(sympy.sin(i * phi + phi) + sympy.sin(i * phi - phi)) / 2
    equal(shifted, sympy.cos(phi) * sympy.sin(i * phi))
    equal_powers(2 ** -(K - 2) * 2, 2 ** (1 - (K - 2)))  # times the integral 2: m = k - 2


def convolution() -> None:
    """k - 1 copies on radius rho/(k-1): peak p = c (k-1)/rho; each of k - 2 derivatives costs the variation
    2p."""
    peak = C / (RHO / (K - 1))
    equal_powers((2 * peak) ** (K - 2) * peak, CONVOLUTION)


def factors() -> None:
    equal_powers(SPLINE * BETA, LINE)
    equal_powers(CONVOLUTION * BETA, SPACE)
    equal(LINE.subs(K, 2), T**2 / (8 * RHO))
    equal(SPACE.subs(K, 2), C * T**2 / (4 * RHO))  # Theorem M divided by 4, with all masses


def total_mass() -> None:
    """(cos^2/sin) cot^(k-2) = cos cot^(k-1) <= cos gamma^(k-1), T = q rho/gamma."""
    equal_powers(COS**2 / SIN * (COS / SIN) ** (K - 2), COS * (COS / SIN) ** (K - 1))
    low = T**K * GAMMA ** (K - 1) * MASS / (4 * K * (K - 1) * RHO ** (K - 1))
    equal_powers(LINE * GAMMA ** (K - 1) * MASS, low)
    at_height = HEIGHT * RHO / GAMMA
    first, second = VALUE.expand().as_ordered_terms()
    equal(E_K * KAPPA * at_height, first if first.has(E_K) else second)
    equal_powers(low.subs(T, at_height), -(second if first.has(E_K) else first))


def best_height() -> None:
    """d/dq = 0 at q = BEST, where the bound is (rho/gamma) e_k kappa q (k-1)/k."""
    power = 4 * (K - 1) * E_K * KAPPA / MASS  # BEST^(k-1)
    equal_powers(BEST ** (K - 1), power)
    slope = sympy.diff(VALUE, HEIGHT)
    equal(slope.subs(HEIGHT, 1), RHO / GAMMA * (E_K * KAPPA - MASS / (4 * (K - 1))))
    reduced = RHO / GAMMA * E_K * KAPPA * HEIGHT * (K - 1) / K  # q^k = q BEST^(k-1)
    equal(VALUE.subs(HEIGHT**K, HEIGHT * power), reduced)
    equal_powers(KAPPA * RHO / GAMMA / (reduced.subs(HEIGHT, BEST) / EPS), HIDDEN * EPS)


def table() -> None:
    """min over k of HIDDEN, with e_k from below: each entry is an upper bound and less than one percent above
    the minimum."""
    for mass, bound in TABLE.items():
        holds = []
        for k, e in LOWER.items():
            base = Q(mass) / (4 * (k - 1) * e)
            for factor in (Q(1), Q(99, 100)):
                holds.append((factor, (bound * factor * (k - 1) * e / k) ** (k - 1) >= base))
        same((any(h for f, h in holds if f == 1), any(h for f, h in holds if f < 1)), (True, False))


ENTRY = Entry(
    name="theorem-l",
    label="Theorem L",
    kind="proof",
    statement="Cylinder (rho, t) in A_k, |h| <= eps, T <= t, k >= 2 even, e_k the distance of relu to"
    " polynomials of degree < k on [-1, 1]. Over ALL other creases, n = 1: e_k kappa T <= eps + sum |kappa_i|"
    f" (cos^2/sin) |cot|^(k-2) times {LINE}; any n: times {SPACE}, c = c*_n. With M = sum |kappa_i| cos"
    f" theta_i, n = 1, all |cot| <= gamma, T = q rho/gamma: eps >= {VALUE}, and the best q (if q rho/gamma <="
    f" t) gives kappa rho/(gamma eps) <= {HIDDEN}: logarithmic in M/kappa.",
    certifies="All factors for symbolic k; the table for M/kappa = "
    + ", ".join(f"{mass}: {float(bound):g}" for mass, bound in TABLE.items())
    + ".",
    does_not="Words: the duality psi(relu) = e_k T for a measure with |psi| = 1 (for the listed k the"
    " functionals are explicit, with e_k replaced by their value); Rolle's theorem for X >= 0.",
    steps=(
        Step(
            "psi: a measure on [-T, T], |psi| = 1, orthogonal to polynomials of degree < k, psi(relu) = e_k"
            " T (duality: words; explicit for the lower bounds of relu-distance)."
        ),
        Step(
            "psi = beta^(k), beta supported in [-T, T], and int |beta| = sup psi(F) over |F^(k)| <= 1, at"
            " most the error of interpolation at Chebyshev points, T^k 2^(1-k)/k!.",
            chebyshev,
            words=True,
        ),
        Step(
            "chi: a probability density on the ball of radius rho whose coordinates have densities X with"
            " sup |X^(k-2)| <= Y. mu = chi x psi has |mu| = 1, mu(kappa relu(tau)) = e_k kappa T, mu(affine)"
            " = 0 (words: Fubini, k >= 2)."
        ),
        Step(
            "A node is a function of cos tau + sin (z - m): d_tau = cot d_z. Integrating by parts,"
            " |mu(node)| <= |kappa_i| (cos^2/sin) |cot|^(k-2) Y int |beta|.",
            ridges,
            words=True,
        ),
        Step(
            "n = 1: X with X^(k-2) = C sign U_(k-2)(x/rho), which vanishes at the ends to order k - 2 and"
            " does not change sign (Rolle: an inner zero would force k - 1 sign changes); mass 1 gives Y ="
            " (k-2)! 2^(k-3)/rho^(k-1).",
            spline,
            words=True,
        ),
        Step(
            "Any n: convolve k - 1 copies of theorem-m-constant's law on radius rho/(k-1): coordinates"
            " unimodal (words), Y = (2c(k-1)/rho)^(k-1)/2.",
            convolution,
            words=True,
        ),
        Step("Products Y int |beta|; k = 2 is Theorem M with all masses.", factors),
        Step("Total mass: (cos^2/sin) |cot|^(k-2) <= cos gamma^(k-1).", total_mass),
        Step("The best q.", best_height),
        Step("The table.", table),
    ),
)
