"""What the lemmas' checks are made of: identities, signs on whole cones, exact extremes in a rectangle.

Everything is decided for all values of the symbols at once. Symbols are positive; a range such as a <= b <= c
is written with slacks (b = a + s, c = b + u), so a polynomial without negative coefficients is nonnegative on
all of it. A piecewise linear expression is evaluated on one cone of linearity after another: `relu` refuses
an argument whose coefficients disagree in sign.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import sympy

SIGNS = (1, -1)
Node = tuple[Any, tuple[Any, Any], Any]  # c relu(p . y + beta) in the plane, as (c, p, beta)


def positives(names: str) -> tuple[sympy.Symbol, ...]:
    """Positive symbols: the free quantities and slacks of a step."""
    return sympy.symbols(names, positive=True, seq=True)


def reals(names: str) -> tuple[sympy.Symbol, ...]:
    """Real symbols of any sign: for identities only, no sign is read off from them."""
    return sympy.symbols(names, real=True, seq=True)


def equal(left: Any, right: Any) -> None:
    """Assert that two expressions are identical (rational functions, radicals, Gamma functions)."""
    difference = sympy.sympify(left) - sympy.sympify(right)
    normal: tuple[Callable[[Any], Any], ...] = (
        sympy.expand,
        lambda d: sympy.expand(sympy.fraction(sympy.together(d))[0]),
        lambda d: sympy.radsimp(sympy.powsimp(sympy.expand(d), force=True)),
        sympy.gammasimp,
        lambda d: sympy.simplify(sympy.gammasimp(sympy.expand_func(d))),
    )
    if not any(form(difference) == 0 for form in normal):
        raise AssertionError(f"[{left} is not {right}]")


def _coefficients(expression: Any) -> list[Any]:
    symbols = sorted(expression.free_symbols, key=str)
    if not all(symbol.is_positive for symbol in symbols):
        raise AssertionError(f"[signs are read off for positive symbols only; got {symbols}]")
    return sympy.Poly(expression, *symbols).coeffs() if symbols else [sympy.simplify(expression)]


def same(left: Any, right: Any) -> None:
    """Assert that two exact values (numbers, tuples, matrices, booleans) are equal."""
    if not left == right:
        raise AssertionError(f"[{left} is not {right}]")


def sign(expression: Any) -> int:
    """The sign of a rational function on the whole cone of its positive symbols, read off its
    coefficients."""
    numerator, denominator = sympy.fraction(sympy.together(sympy.sympify(expression)))
    result = 1
    for part in (sympy.expand(numerator), sympy.expand(denominator)):
        if part == 0:
            return 0
        signs = {1 if c.is_positive else -1 if c.is_negative else None for c in _coefficients(part)}
        if len(signs) != 1 or None in signs:
            raise AssertionError(f"[the sign of {expression} is not constant]")
        result *= signs.pop() or 0
    return result


def at_least(left: Any, right: Any) -> None:
    """Assert left >= right for all positive values of the symbols."""
    if sign(sympy.sympify(left) - right) < 0:
        raise AssertionError(f"[{left} is less than {right}]")


def above(left: Any, right: Any) -> None:
    """Assert left > right for all positive values of the symbols."""
    if sign(sympy.sympify(left) - right) <= 0:
        raise AssertionError(f"[{left} is not above {right}]")


def relu(expression: Any) -> Any:
    """max(expression, 0) on a cone where the sign of the expression is constant."""
    return expression if sign(expression) > 0 else sympy.Integer(0)


def absolute(expression: Any) -> Any:
    """|expression| on a cone where its sign is constant."""
    return sign(expression) * expression


def inner(left: Sequence[Any], right: Sequence[Any], gram: Sequence[Sequence[Any]]) -> Any:
    """Inner product of two vectors, by coefficients in a basis with the given Gram matrix: true in every
    dimension."""
    return sum(a * gram[i][j] * b for i, a in enumerate(left) for j, b in enumerate(right))


def angle(parameter: Any) -> tuple[Any, Any]:
    """(cos, sin) of the angle whose half has this tangent; 0 < parameter < 1 is the open first quadrant."""
    return (1 - parameter**2) / (1 + parameter**2), 2 * parameter / (1 + parameter**2)


def acute() -> tuple[Any, Any]:
    """(cos, sin) of every angle strictly between 0 and 90 degrees: tangent of the half = a/(a + b)."""
    a, b = sympy.Dummy("a", positive=True), sympy.Dummy("b", positive=True)
    cosine, sine = angle(a / (a + b))
    return sympy.cancel(cosine), sympy.cancel(sine)


def value(nodes: Sequence[Node], affine: Sequence[Any], point: Sequence[Any]) -> Any:
    """sum c relu(p . y + beta) + affine[:2] . y + affine[2] in exact rationals."""
    x, y = point
    ridges = sum(c * max(0, p * x + q * y + beta) for c, (p, q), beta in nodes)
    return ridges + affine[0] * x + affine[1] * y + affine[2]


def supremum(nodes: Sequence[Node], affine: Sequence[Any], width: Any, height: Any) -> Fraction:
    """sup |h| over |x| <= width, |y| <= height: h is piecewise linear, so it is taken at a vertex of the
    arrangement."""
    lines = {(p, q, beta) for _, (p, q), beta in nodes}
    lines |= {(1, 0, -width), (1, 0, width), (0, 1, -height), (0, 1, height)}
    values = []
    for (a, b, c), (d, e, f) in itertools.combinations(sorted(lines), 2):
        determinant = a * e - b * d
        if determinant:
            x, y = Fraction(b * f - c * e) / determinant, Fraction(c * d - a * f) / determinant
            if abs(x) <= width and abs(y) <= height:
                values.append(abs(value(nodes, affine, (x, y))))
    return max(values)
