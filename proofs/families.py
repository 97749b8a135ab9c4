"""A family of counterexamples as one computation: numbers that are functions of a parameter t on (0, top].

geometry.py runs on these numbers as on Fractions. A comparison is answered only if the answer is the same for
every t of the interval (counted by Sturm's theorem, exactly), else NotUniformError is raised; so a check that
passes has been passed by every member of the family.
"""

from __future__ import annotations

from fractions import Fraction

from .kernel import ONE, ZERO

Polynomial = tuple[Fraction, ...]  # coefficients of 1, t, t^2, ..; the last is not 0; () is 0


class NotUniformError(ArithmeticError):
    """A comparison whose answer changes inside the interval."""


def trim(p) -> Polynomial:
    p = list(p)
    while p and p[-1] == 0:
        p.pop()
    return tuple(p)


def add(p: Polynomial, q: Polynomial, factor: Fraction = ONE) -> Polynomial:
    """p + factor q."""
    size = max(len(p), len(q))
    padded = [[*r, *[ZERO] * (size - len(r))] for r in (p, q)]
    return trim(a + factor * b for a, b in zip(*padded, strict=True))


def multiply(p: Polynomial, q: Polynomial) -> Polynomial:
    product = [ZERO] * (len(p) + len(q))
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            product[i + j] += a * b
    return trim(product)


def divide(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Quotient and remainder."""
    rest, quotient = p, [ZERO] * max(len(p) - len(q) + 1, 0)
    while len(rest) >= len(q):
        shift, factor = len(rest) - len(q), rest[-1] / q[-1]
        quotient[shift] = factor
        rest = add(rest, (ZERO,) * shift + q, -factor)
    return trim(quotient), rest


def common_divisor(p: Polynomial, q: Polynomial) -> Polynomial:
    """The greatest common divisor with leading coefficient 1; p and q not both 0."""
    while q:
        p, q = q, divide(p, q)[1]
    return tuple(a / p[-1] for a in p)


def value(p: Polynomial, t: Fraction) -> Fraction:
    total = ZERO
    for a in reversed(p):
        total = total * t + a
    return total


def roots(p: Polynomial, top: Fraction) -> int:
    """Number of distinct zeros in (0, top], for p not 0 (Sturm's theorem on the square-free part without its
    zeros at 0).
    """
    while p[0] == 0:
        p = p[1:]
    derivative = trim(i * a for i, a in enumerate(p) if i)
    if not derivative:
        return 0
    p = divide(p, common_divisor(p, derivative))[0]
    chain = [p, trim(i * a for i, a in enumerate(p) if i)]
    while chain[-1]:
        chain.append(tuple(-a for a in divide(chain[-2], chain[-1])[1]))

    def variations(t: Fraction) -> int:
        signs = [x > 0 for x in (value(q, t) for q in chain[:-1]) if x]
        return sum(a != b for a, b in zip(signs, signs[1:], strict=False))

    return variations(ZERO) - variations(top)


class Function:
    """A quotient of polynomials in t on (0, top], its denominator without zeros there.

    Supports + - * / and comparisons with its like, Fractions and ints. `bool` says whether it is another
    function than 0.
    """

    __slots__ = ("bottom", "interval", "upper")

    def __init__(self, upper: Polynomial, bottom: Polynomial, interval: Fraction):
        divisor = common_divisor(upper, bottom)
        upper, bottom = divide(upper, divisor)[0], divide(bottom, divisor)[0]
        self.upper = tuple(a / bottom[-1] for a in upper)
        self.bottom, self.interval = tuple(a / bottom[-1] for a in bottom), interval

    def _like(self, other: Function | Fraction | int) -> Function:
        if isinstance(other, Function):
            if other.interval != self.interval:
                both = f"(0, {self.interval}] and (0, {other.interval}]"
                raise ValueError(f"expected functions on one interval; got {both}")
            return other
        return Function(trim((Fraction(other),)), (ONE,), self.interval)

    def sign(self) -> int:
        """-1, 0 or 1, the same for every t; else NotUniformError."""
        if not self.upper:
            return 0
        if roots(self.upper, self.interval):
            raise NotUniformError(f"expected one sign on (0, {self.interval}]; a difference has a zero")
        return 1 if value(self.upper, self.interval) * value(self.bottom, self.interval) > 0 else -1

    def at(self, t: Fraction) -> Fraction:
        """The value at t of (0, top]."""
        if not 0 < t <= self.interval:
            raise ValueError(f"expected t in (0, {self.interval}]; got {t}")
        return value(self.upper, t) / value(self.bottom, t)

    def __add__(self, other: Function | Fraction | int) -> Function:
        other = self._like(other)
        upper = add(multiply(self.upper, other.bottom), multiply(other.upper, self.bottom))
        return Function(upper, multiply(self.bottom, other.bottom), self.interval)

    def __mul__(self, other: Function | Fraction | int) -> Function:
        other = self._like(other)
        upper = multiply(self.upper, other.upper)
        return Function(upper, multiply(self.bottom, other.bottom), self.interval)

    def __truediv__(self, other: Function | Fraction | int) -> Function:
        other = self._like(other)
        if other.sign() == 0:
            raise ZeroDivisionError("division by the function 0")
        upper = multiply(self.upper, other.bottom)
        return Function(upper, multiply(self.bottom, other.upper), self.interval)

    def __neg__(self) -> Function:
        return self * -1

    def __sub__(self, other: Function | Fraction | int) -> Function:
        return self + self._like(other) * -1

    def __rsub__(self, other: Fraction | int) -> Function:
        return self._like(other) - self

    def __rtruediv__(self, other: Fraction | int) -> Function:
        return self._like(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __abs__(self) -> Function:
        return self if self.sign() >= 0 else -self

    def __bool__(self) -> bool:
        return bool(self.upper)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Function | Fraction | int) and (self - other).sign() == 0

    def __lt__(self, other: Function | Fraction | int) -> bool:
        return (self - other).sign() < 0

    def __le__(self, other: Function | Fraction | int) -> bool:
        return (self - other).sign() <= 0

    def __gt__(self, other: Function | Fraction | int) -> bool:
        return (self - other).sign() > 0

    def __ge__(self, other: Function | Fraction | int) -> bool:
        return (self - other).sign() >= 0

    def __hash__(self) -> int:
        if len(self.upper) <= 1 and len(self.bottom) == 1:  # equal to a number: hash as that number does
            return hash(self.upper[0] if self.upper else ZERO)
        return hash((self.upper, self.bottom))

    def __repr__(self) -> str:
        def text(p: Polynomial) -> str:
            return " + ".join(f"{a} t^{i}" for i, a in enumerate(p) if a) or "0"

        return f"({text(self.upper)}) / ({text(self.bottom)})"


def parameter(top: Fraction) -> Function:
    """The parameter t itself, on (0, top]; top > 0."""
    if not top > 0:
        raise ValueError(f"expected an interval (0, top] with top > 0; got top = {top}")
    return Function((ZERO, ONE), (ONE,), Fraction(top))
