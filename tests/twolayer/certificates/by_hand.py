"""Certificates on a line that are made, and forged, by hand; and what rows on a square are made of."""

from __future__ import annotations

from . import fuzzer


def line(teacher, student, region=None) -> dict:
    """An instance on a line from nodes (w, b, v), on [-1, 1] unless a region is given."""
    networks = {
        key: {"W": [[w] for w, _, _ in nodes], "b": [b for _, b, _ in nodes], "V": [[v for _, _, v in nodes]]}
        for key, nodes in (("teacher", teacher), ("student", student))
    }
    region = region or {"lower": ["-1"], "upper": ["1"]}
    return {"format": "twolayer-instance/1", "name": "a line", **networks, "region": region}


def leaf(**weights):
    """A leaf of a tree."""
    return {"cuts": [], "pairs": [], "singles": [], "rows": [], **weights}


def leaves(part, path=()):
    """(decisions, leaf) of every leaf of a tree."""
    if isinstance(part, dict):
        return [(dict(path), part)]
    group, active, inactive = part
    return leaves(active, (*path, (group, True))) + leaves(inactive, (*path, (group, False)))


def branches(part):
    """Every branch of a tree that is no leaf."""
    return [] if isinstance(part, dict) else [part, *branches(part[1]), *branches(part[2])]


def by_hand(instance, lower="0", upper="2", witness=None, **evidence) -> dict:
    """A certificate on a line with one student that is active at 0, and a tree in the box [-1, 1]."""
    entry = {
        "student": 0,
        "lower": lower,
        "upper": upper,
        "witness": witness,
        "inside": ["0"],
        "evidence": {"method": "tree", "box": [[], []], **evidence},
    }
    return {
        "format": "twolayer-certificate/1",
        "instance": instance,
        "coordinates": {"rows": [["1"]], "origin": ["0"]},
        "box": [[[0, "1"]], [[1, "1"]]],
        "inside": ["0"],
        "students": [entry],
        "gradient": {"lower": lower, "upper": upper},
        "radii": [],
        "verdicts": [],
    }


SPLIT = [
    {"sign": 1, "groups": [[0, []]], "cuts": [], "tree": [0, leaf(), leaf()]},
    {"sign": -1, "groups": [], "cuts": [], "tree": leaf(singles=[[0, "1"]])},
]
KINK = line([("1", "0", "1")], [("1", "2", "1")])  # h = relu(x) - x - 2, between -1 and -2
EMPTY = [{"sign": s, "groups": [], "cuts": [], "tree": leaf()} for s in (1, -1)]  # no kinks, one leaf


def network(*nodes) -> dict:
    """A network from nodes (w, b, v), w and v lists of strings."""
    return {
        "W": [w for w, _, _ in nodes],
        "b": [b for _, b, _ in nodes],
        "V": [list(column) for column in zip(*(v for *_, v in nodes), strict=True)],
    }


def square(teacher, student, **more) -> dict:
    """The certificate of an instance on [-1, 1]^2 without its rows and radii."""
    certificate = fuzzer.certified(
        {
            "format": "twolayer-instance/1",
            "name": "a square",
            "teacher": network(*teacher),
            "student": network(*student),
            "region": {"lower": ["-1", "-1"], "upper": ["1", "1"]},
            **more,
        }
    )
    return {**certificate, "radii": [], "verdicts": []}


def a_shape(kind, node, observer, radius="1/2", centre=("0", "0"), allowance="0") -> dict:
    """An entry of `radii`."""
    return {
        "kind": kind,
        "node": list(node),
        "observer": observer,
        "radius": radius,
        "centre": list(centre),
        "allowance": allowance,
    }


def a_row(statement, form, verdict="holds", measured="2", bound="9/4", **more) -> dict:
    """An entry of `verdicts`, about node 0 and observer 0."""
    node = {"student": 0} if statement == "corollary-1" else {"teacher": 0, "observer": 0}
    return {"statement": statement, "form": form, "verdict": verdict, "measured": measured, "bound": bound, **node, **more}


UP, SIDE, ALWAYS = (["0", "1"], "0", ["1"]), (["1", "0"], "1/5", ["1"]), (["0", "0"], "1", ["1"])
