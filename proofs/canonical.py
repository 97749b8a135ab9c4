"""The canonical text of an instance, and its SHA-256: one for all files that state the same numbers. See CERTIFICATE.md."""

from __future__ import annotations

import hashlib
import json

from .certificate import number


def text(instance) -> str:
    """The canonical text of an instance that `certificate.Problem` has read without complaint.

    JSON with sorted keys and no spaces; every number as "p" or "p/q" in lowest terms, a box as its rows (upper ends first),
    the subspace with what it defaults to, an output bias only where it is not zero, no name.
    """
    size = len(instance["teacher"]["W"][0])
    whole = [[str(int(i == j)) for j in range(size)] for i in range(size)]
    region, plane = instance["region"], instance.get("subspace", {"basis": whole})
    if "A" not in region:
        opposite = [["-1" if x == "1" else "0" for x in row] for row in whole]
        ends = [*region["upper"], *(str(-number(x)) for x in region["lower"])]
        region = {"A": [*whole, *opposite], "c": ends}
    networks = {key: _network(instance[key]) for key in ("teacher", "student", "second_teacher") if key in instance}
    stated = {"region": region, "subspace": {"origin": ["0"] * size, **plane}, **networks}
    return json.dumps({"format": instance["format"], **_lowest(stated)}, sort_keys=True, separators=(",", ":"))


def digest(instance) -> str:
    """SHA-256 of the canonical text, in hexadecimal."""
    return hashlib.sha256(text(instance).encode("ascii")).hexdigest()


def _network(given):
    """W, b, V and, where some output has one, output_bias."""
    return {key: value for key, value in given.items() if key != "output_bias" or any(number(x) for x in value)}


def _lowest(value):
    """The same nest of lists and objects with every number as a string in lowest terms."""
    if isinstance(value, dict):
        return {key: _lowest(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_lowest(inner) for inner in value]
    return str(number(value))
