"""Exact arithmetic for the proofs: rational linear algebra, sums of square roots compared exactly, bounds on
pi.

The proofs wing shares no code with twolayer; this module uses the standard library only. No floats, no
tolerance. Vectors are tuples, matrices tuples of rows. Entries are Fractions; linear algebra and geometry.py
need only + - * / and comparisons of them, so they also run on the functions of a parameter in families.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import isqrt
from typing import Any

Number = Any  # Fraction, or families.Function
Vector = tuple[Number, ...]
Matrix = tuple[Vector, ...]

MAX_EXPONENT = 400  # larger decimal exponents are refused, as in instance files: 1e999999999 fills the memory
FIRST_BITS = 64  # of the first enclosure of a sum of square roots; doubled until the sign is clear


def rational(x: Any) -> Fraction:
    """The rational number that x stands for: int, Fraction, "p/q", a decimal string, or a float taken
    exactly.

    Raises ValueError on anything else: booleans, nan, infinities, exponents beyond 400.
    """
    if isinstance(x, bool) or not isinstance(x, int | float | str | Fraction):
        raise ValueError(f"expected a number or a string such as 1/3; got {x!r}")
    try:
        if isinstance(x, str):
            exponent = x.lower().partition("e")[2]
            if exponent and abs(int(exponent)) > MAX_EXPONENT:
                raise ValueError
        return Fraction(x)
    except (ValueError, ZeroDivisionError, OverflowError):
        limit = f"exponent at most {MAX_EXPONENT}"
        raise ValueError(f"expected a finite rational number, {limit}; got {x!r}") from None


def dot(a: Sequence[Number], b: Sequence[Number]) -> Number:
    """Inner product of coordinates; 0 for empty vectors."""
    return sum((x * y for x, y in zip(a, b, strict=True) if x and y), ZERO)


def echelon(rows: Iterable[Sequence[Number]], width: int) -> tuple[list[list[Number]], list[int]]:
    """Reduced row echelon form by exact elimination with pivots in the first `width` columns: rows, pivot
    columns.
    """
    matrix = [list(row) for row in rows]
    pivots: list[int] = []
    for column in range(width):
        top = len(pivots)
        first = next((i for i in range(top, len(matrix)) if matrix[i][column] != 0), None)
        if first is None:
            continue
        matrix[top], matrix[first] = matrix[first], matrix[top]
        pivot = matrix[top][column]
        matrix[top] = [x / pivot for x in matrix[top]]
        for i, row in enumerate(matrix):
            if i != top and row[column] != 0:
                factor = row[column]
                matrix[i] = [x - factor * y for x, y in zip(row, matrix[top], strict=True)]
        pivots.append(column)
    return matrix, pivots


def rank(rows: Sequence[Sequence[Number]]) -> int:
    """Rank; 0 without rows."""
    return len(echelon(rows, len(rows[0]))[1]) if rows else 0


def solve(A: Sequence[Sequence[Number]], b: Sequence[Number]) -> Vector | None:
    """The solution of the square system A x = b, or None if A is singular.   (n, n), (n,) -> (n,)"""
    n = len(b)
    rows, pivots = echelon([[*row, value] for row, value in zip(A, b, strict=True)], n)
    return tuple(row[n] for row in rows) if len(pivots) == n else None


def inverse(A: Sequence[Sequence[Number]]) -> Matrix:
    """The inverse; ValueError if A is singular.   (n, n) -> (n, n)"""
    n = len(A)
    rows, pivots = echelon([[*row, *(Fraction(i == j) for j in range(n))] for i, row in enumerate(A)], n)
    if len(pivots) < n:
        raise ValueError(f"expected an invertible matrix; got rank {len(pivots)} of {n}")
    return tuple(tuple(row[n:]) for row in rows)


def transpose(A: Sequence[Sequence[Number]]) -> Matrix:
    """Rows become columns."""
    return tuple(zip(*A, strict=True))


def exact_root(x: Fraction) -> Fraction | None:
    """The square root of x >= 0 if it is rational, else None."""
    if x < 0:
        return None
    p, q = isqrt(x.numerator), isqrt(x.denominator)
    return Fraction(p, q) if p * p == x.numerator and q * q == x.denominator else None


def root_enclosure(x: Fraction, bits: int = FIRST_BITS) -> tuple[Fraction, Fraction]:
    """Rationals low <= sqrt(x) <= high, high - low = 2^-bits / denominator of x, for x >= 0."""
    scaled = isqrt(x.numerator * x.denominator << 2 * bits)
    unit = x.denominator << bits
    return Fraction(scaled, unit), Fraction(scaled + 1, unit)


class Surd:
    """A sum of rational multiples of square roots of rationals, compared exactly.

    terms maps radicands to coefficients; no two radicands have a ratio that is a rational square, so the
    roots are linearly independent over Q (Besicovitch 1940) and the sum is 0 only if no term is left. The
    sign of any other sum is read off from a fine enough rational enclosure. Mixes with Fractions and ints
    under + - * and comparisons; divides by rationals and by single terms.
    """

    __slots__ = ("terms",)
    terms: dict[Fraction, Fraction]

    def __init__(self, terms: Mapping[Fraction, Fraction] | None = None):
        self.terms = {}
        for radicand, coefficient in (terms or {}).items():
            if radicand < 0:
                raise ValueError(f"expected radicands that are not negative; got {radicand}")
            self._add(Fraction(radicand), Fraction(coefficient))

    def _add(self, radicand: Fraction, coefficient: Fraction) -> None:
        if radicand == 0 or coefficient == 0:
            return
        ratio = exact_root(radicand)
        root, factor = (ONE, ratio) if ratio is not None else (radicand, ONE)
        for other in self.terms:
            ratio = exact_root(radicand / other)
            if ratio is not None:
                root, factor = other, ratio
                break
        total = self.terms.get(root, ZERO) + coefficient * factor
        self.terms.pop(root, None)
        if total:
            self.terms[root] = total

    def enclosure(self, bits: int = FIRST_BITS) -> tuple[Fraction, Fraction]:
        """Rationals low <= self <= high, closer for more bits."""
        low = high = ZERO
        for radicand, coefficient in self.terms.items():
            ends = [coefficient * end for end in root_enclosure(radicand, bits)]
            low, high = low + min(ends), high + max(ends)
        return low, high

    def sign(self) -> int:
        """-1, 0 or 1, exactly."""
        if not self.terms:
            return 0
        if len(self.terms) == 1:
            return 1 if next(iter(self.terms.values())) > 0 else -1
        bits = FIRST_BITS
        while True:  # ends: the sum is not 0
            low, high = self.enclosure(bits)
            if low > 0 or high < 0:
                return 1 if low > 0 else -1
            bits *= 2

    def __add__(self, other: Surd | Fraction | int) -> Surd:
        total = Surd(self.terms)
        for radicand, coefficient in surd(other).terms.items():
            total._add(radicand, coefficient)
        return total

    def __mul__(self, other: Surd | Fraction | int) -> Surd:
        product = Surd()
        for c, a in self.terms.items():
            for d, b in surd(other).terms.items():
                product._add(c * d, a * b)
        return product

    def __truediv__(self, other: Surd | Fraction | int) -> Surd:
        terms = surd(other).terms
        if len(terms) != 1:
            raise ValueError(f"expected to divide by one term that is not 0; got {other!r}")
        ((radicand, coefficient),) = terms.items()
        return self * Surd({1 / radicand: 1 / coefficient})

    def __neg__(self) -> Surd:
        return self * -1

    def __abs__(self) -> Surd:
        return self if self.sign() >= 0 else -self

    def __sub__(self, other: Surd | Fraction | int) -> Surd:
        return self + surd(other) * -1

    def __rsub__(self, other: Fraction | int) -> Surd:
        return surd(other) - self

    def __rtruediv__(self, other: Fraction | int) -> Surd:
        return surd(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Surd | Fraction | int) and (self - other).sign() == 0

    def __lt__(self, other: Surd | Fraction | int) -> bool:
        return (self - other).sign() < 0

    def __le__(self, other: Surd | Fraction | int) -> bool:
        return (self - other).sign() <= 0

    def __gt__(self, other: Surd | Fraction | int) -> bool:
        return (self - other).sign() > 0

    def __ge__(self, other: Surd | Fraction | int) -> bool:
        return (self - other).sign() >= 0

    def __repr__(self) -> str:
        return " + ".join(f"{a} sqrt({c})" for c, a in self.terms.items()) or "0"


def surd(x: Surd | Fraction | int) -> Surd:
    """x as a Surd."""
    return x if isinstance(x, Surd) else Surd({ONE: Fraction(x)})


def sqrt(x: Fraction | int) -> Surd:
    """The square root of a rational x >= 0, exactly."""
    return Surd({Fraction(x): ONE})


def arctan_enclosure(n: int, terms: int) -> tuple[Fraction, Fraction]:
    """Rational bounds of arctan(1/n), n >= 2: consecutive partial sums of its alternating series, terms
    falling to 0.
    """
    total, ends = ZERO, []
    for k in range(2 * terms):
        total += Fraction((-1) ** k, (2 * k + 1) * n ** (2 * k + 1))
        ends.append(total)
    return ends[-1], ends[-2]


def pi_enclosure(terms: int = 8) -> tuple[Fraction, Fraction]:
    """Rationals low < pi < high.

    Machin: pi = 16 arctan(1/5) - 4 arctan(1/239), since (5 + i)^4 (239 - i) = 114244 (1 + i) and the angles
    4 arctan(1/5) - arctan(1/239) lie between 0 and pi/2.
    """
    fifth, small = arctan_enclosure(5, terms), arctan_enclosure(239, terms)
    return 16 * fifth[0] - 4 * small[1], 16 * fifth[1] - 4 * small[0]


ZERO, ONE = Fraction(0), Fraction(1)
PI_LOW, PI_HIGH = pi_enclosure()
