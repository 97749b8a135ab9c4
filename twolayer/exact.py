"""Exact rationals in arrays: NumPy object arrays of `flint.fmpq`, and outward rounding back to floats.

Every finite float is a rational, so an instance given in floats has an exact meaning too. python-flint's
rationals are some ten times faster than `fractions.Fraction`, which the file format and the public API use.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import numpy as np
from flint import arb, arb_mat, ctx, fmpq, fmpq_mat

__all__ = [
    "ONE",
    "ZERO",
    "ball",
    "balls",
    "enclosed_inverse",
    "exponent",
    "fraction",
    "inverse",
    "is_zero",
    "log2",
    "lower_float",
    "matrix",
    "middle",
    "nearest",
    "nearest_float",
    "null_vector",
    "parsed",
    "pivots",
    "power_of_two",
    "product",
    "rank",
    "rational",
    "rationals",
    "relu",
    "round_down",
    "round_up",
    "short_down",
    "short_up",
    "solve",
    "two_to",
    "upper_float",
    "zeros",
]

BALL_BITS = 256  # 77 decimal digits: differences of squares stay meaningful for angles down to 1e-38
ctx.prec = max(ctx.prec, BALL_BITS)

ZERO = fmpq(0)
ONE = fmpq(1)


def rational(number: Any) -> fmpq:
    """The exact rational of an int, a finite float, a Fraction or an fmpq."""
    if isinstance(number, fmpq):
        return number
    if isinstance(number, Fraction):
        return fmpq(int(number.numerator), int(number.denominator))
    if isinstance(number, (int, np.integer)):
        return fmpq(int(number))
    numerator, denominator = float(number).as_integer_ratio()
    return fmpq(numerator, denominator)


def rationals(array: Any) -> np.ndarray:
    """The same array with exact rationals as entries.   any shape -> same shape, dtype object (fmpq)"""
    array = np.asarray(array)
    out = np.empty(array.shape, dtype=object)
    for index, number in np.ndenumerate(array):
        out[index] = rational(number)
    return out


def zeros(*shape: int) -> np.ndarray:
    """An array of exact zeros."""
    return np.full(shape, ZERO, dtype=object)


def fraction(number: fmpq) -> Fraction:
    """The same number as a standard-library Fraction."""
    return Fraction(int(number.p), int(number.q))


def nearest_float(number: fmpq) -> float:
    """The float nearest to an exact rational; infinite where it overflows. Zero has no sign: -0 is no number of ours."""
    try:
        return float(number) + 0.0  # python-flint divides Python integers, which rounds correctly
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def nearest(array: np.ndarray) -> np.ndarray:
    """Correctly rounded float64 copy of an array of exact rationals."""
    array = np.asarray(array, dtype=object)
    return np.array([nearest_float(number) for number in array.flat], dtype=float).reshape(array.shape)


def round_up(number: fmpq) -> float:
    """The smallest float that is not below an exact rational."""
    value = nearest_float(number)
    if math.isinf(value):
        return value if value > 0 else -float(np.finfo(float).max)
    return value if rational(value) >= number else math.nextafter(value, math.inf) + 0.0


def round_down(number: fmpq) -> float:
    """The largest float that is not above an exact rational."""
    return 0.0 - round_up(-number)


def exponent(number: fmpq) -> int:
    """k with a positive number in (2**(k-1), 2**(k+1)), whatever its size."""
    return int(number.p).bit_length() - int(number.q).bit_length()


def two_to(k: int) -> fmpq:
    """2**k."""
    return fmpq(1 << k) if k >= 0 else fmpq(1, 1 << -k)


def log2(power: fmpq) -> int:
    """k of a power of two 2**k."""
    return int(power.p).bit_length() - int(power.q).bit_length()


def parsed(text: str) -> fmpq:
    """The number that str() wrote as "p" or "p/q"."""
    return fmpq(*map(int, text.split("/")))


def short_up(number: fmpq) -> fmpq:
    """The smallest number of at most 53 bits, of any exponent, that is not below a rational."""
    unit = power_of_two([number])
    return rational(round_up(number / unit)) * unit


def short_down(number: fmpq) -> fmpq:
    """The largest number of at most 53 bits, of any exponent, that is not above a rational."""
    return -short_up(-number)


def ball(number: Any) -> arb:
    """A ball of 256-bit precision that contains the number; infinite bounds, floats only, stay infinite."""
    if isinstance(number, arb):
        return number
    if isinstance(number, float) and math.isinf(number):
        return arb(number)
    return arb(rational(number))


def balls(array: Any) -> np.ndarray:
    """An array of balls that contain the entries.   any shape -> same shape, dtype object (arb)"""
    array = np.asarray(array, dtype=object)
    out = np.empty(array.shape, dtype=object)
    for index, number in np.ndenumerate(array):
        out[index] = ball(number)
    return out


def upper_float(x: arb) -> float:
    """A float that is not below any number in the ball."""
    if not x.is_finite():
        return math.inf
    return round_up(_endpoint(x.upper()))


def lower_float(x: arb) -> float:
    """A float that is not above any number in the ball."""
    return -upper_float(-x)


def middle(x: arb) -> fmpq:
    """The exact midpoint of a finite ball."""
    return _endpoint(x.mid())


def _endpoint(x: arb) -> fmpq:
    mantissa, exponent = x.man_exp()
    shift = int(exponent)
    return fmpq(int(mantissa) << shift) if shift >= 0 else fmpq(int(mantissa), 1 << -shift)


def matrix(rows: np.ndarray) -> fmpq_mat:
    """A flint matrix of a two-dimensional array of exact rationals."""
    return fmpq_mat(rows.shape[0], rows.shape[1], [x for row in rows for x in row])


def product(A: fmpq_mat, B: fmpq_mat) -> np.ndarray:
    """The exact product of two flint matrices as an array.   (m, n), (n, k) -> (m, k)"""
    out = np.empty(A.nrows() * B.ncols(), dtype=object)
    out[:] = (A * B).entries()
    return out.reshape(A.nrows(), B.ncols())


def solve(A: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    """The exact solution of A x = b, or None where A is singular.   (n, n), (n,) -> (n,)"""
    n = len(b)
    try:
        x = matrix(A).solve(fmpq_mat(n, 1, list(b)))
    except ZeroDivisionError:
        return None
    out = np.empty(n, dtype=object)
    for i in range(n):
        out[i] = x[i, 0]
    return out


def inverse(A: np.ndarray) -> np.ndarray:
    """The exact inverse.   (n, n) -> (n, n); ZeroDivisionError where A is singular."""
    n = len(A)
    inv = matrix(A).inv()
    out = np.empty((n, n), dtype=object)
    for i in range(n):
        for j in range(n):
            out[i, j] = inv[i, j]
    return out


def enclosed_inverse(A: np.ndarray) -> np.ndarray:
    """The inverse in balls, a hundred times faster for 50 rows; ZeroDivisionError where A is singular.   (n, n) -> (n, n)

    Where balls cannot tell whether A is regular, rationals do.
    """
    n = len(A)
    try:
        inv = arb_mat(n, n, [arb(x) for x in A.flat]).inv()
    except ZeroDivisionError:
        return balls(inverse(A))
    out = np.empty((n, n), dtype=object)
    out[:] = np.array(inv.entries(), dtype=object).reshape(n, n)
    return out


def rank(A: np.ndarray) -> int:
    """The exact rank of a matrix of rationals."""
    return int(matrix(A).rref()[1])


def pivots(A: np.ndarray) -> list[int]:
    """The columns of A that do not depend on columns to their left, by exact elimination.   (m, n) -> at most n numbers"""
    reduced, r = matrix(A).rref()
    return [next(j for j in range(A.shape[1]) if reduced[i, j] != 0) for i in range(r)]


def null_vector(A: np.ndarray) -> np.ndarray | None:
    """Some x != 0 with A x = 0, or None if the columns are independent.   (m, n) -> (n,)"""
    reduced, r = matrix(A).rref()
    leading = [next(j for j in range(A.shape[1]) if reduced[i, j] != 0) for i in range(r)]
    free = next((j for j in range(A.shape[1]) if j not in leading), None)
    if free is None:
        return None
    x = zeros(A.shape[1])
    x[free] = ONE
    for i, j in enumerate(leading):
        x[j] = -reduced[i, free]
    return x


def power_of_two(vector: Iterable[fmpq]) -> fmpq:
    """A power of two within a factor 2 of the largest |entry|, as an exact unit for floats; 1 for the zero vector."""
    largest = max((abs(x) for x in vector), default=ZERO)
    return ONE if largest == 0 else two_to(exponent(largest))


def is_zero(vector: Iterable[fmpq]) -> bool:
    """True if every entry is exactly zero."""
    return all(x == 0 for x in vector)


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), entry by entry, for exact rationals."""
    out = np.empty(np.shape(x), dtype=object)
    for index, number in np.ndenumerate(x):
        out[index] = number if number > 0 else ZERO
    return out
