"""Instances to certify, and a fuzzer of certificates: nothing that is accepted may be false, nothing may crash or hang.

`python -m tests.twolayer.certificates.fuzzer [MUTATIONS] [SEED]` runs it for longer than the test does.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import random
import re
import signal
import sys
import tempfile
from collections import Counter
from fractions import Fraction
from functools import cache
from pathlib import Path
from unittest import mock

from proofs import check as checker
from proofs.kernel import rational
from twolayer.certify import certificates as evidence
from twolayer.instances import Instance
from twolayer.statements.certificates import certificate

from . import truth as certificate_truth

EXAMPLES = Path(__file__).parents[3] / "examples" / "instances"
PATIENCE = 10.0  # seconds for one check; all certificates here take a small share of it


# -- instances ------------------------------------------------------------------------------------------------------


def drawn(
    seed: int,
    plane: int,
    nodes: int,
    *,
    ambient: int | None = None,
    outputs: int = 1,
    near: int = 50,
    polytope=False,
    odd=False,
    second=False,
    biased=False,
) -> dict:
    """Instance data: a student near its teacher (weights off by multiples of 1/near), in small rationals.

    ambient > plane: a skew subspace that misses the origin; polytope: a box with its corners cut off; odd: with a node
    flipped and rescaled from another, a dead node and a node that is constant on U; second: a second teacher; biased: output
    biases, the networks' different ones.
    """
    rng = random.Random(seed)
    size = ambient or plane
    slope = [[Fraction(rng.randint(-2, 2), 3) for _ in range(size - plane)] for _ in range(plane)]
    rows = [[Fraction(i == j) for j in range(plane)] + slope[i] for i in range(plane)]
    normal = [
        [-slope[i][j] for i in range(plane)] + [Fraction(k == j) for k in range(size - plane)] for j in range(size - plane)
    ]
    for i in range(1, plane if size > plane else 0):
        rows[i] = [x + y for x, y in zip(rows[i], rows[i - 1], strict=True)]

    def network(W, b, V):
        return {
            "W": [[str(x) for x in row] for row in W],
            "b": list(map(str, b)),
            "V": [[str(v[c]) for v in V] for c in range(outputs)],
        }

    def random_nodes(count):
        W = [[Fraction(rng.randint(-9, 9), 6) for _ in range(size)] for _ in range(count)]
        return (
            W,
            [Fraction(rng.randint(-4, 4), 12) for _ in W],
            [[Fraction(rng.choice((-2, -1, 1, 2, 3)), 2) for _ in range(outputs)] for _ in W],
        )

    def moved(W, b, V):
        off = [Fraction(rng.randint(-2, 2), near) for _ in range(3)]
        return (
            [[x + rng.choice(off) for x in w] for w in W],
            [x + rng.choice(off) for x in b],
            [[x + rng.choice(off) for x in v] for v in V],
        )

    W, b, V = random_nodes(nodes)
    student = moved(W, b, V)
    if odd:
        student[0].append([-2 * x for x in W[0]])
        student[1].append(-2 * b[0])
        student[2].append([Fraction(1, 7)] * outputs)
        student[0].append([Fraction(j == 0) for j in range(size)])
        student[1].append(Fraction(-9))
        student[2].append([Fraction(1)] * outputs)
        if normal:
            student[0].append([3 * x for x in normal[0]])
            student[1].append(Fraction(1, 2))
            student[2].append([Fraction(1, 9)] * outputs)
    data = {"format": "twolayer-instance/1", "name": f"drawn {seed}", "teacher": network(W, b, V), "student": network(*student)}
    if polytope:
        signs = [[1 if k >> j & 1 else -1 for j in range(size)] for k in range(1 << size)]
        unit = [[s * (i == j) for j in range(size)] for s in (1, -1) for i in range(size)]
        data["region"] = {
            "A": [list(map(str, row)) for row in (*unit, *signs)],
            "c": ["1"] * len(unit) + [str(Fraction(2 + size, 3))] * len(signs),
        }
    else:
        data["region"] = {"lower": ["-1"] * size, "upper": ["1"] * size}
    if size > plane:
        data["subspace"] = {"basis": [list(map(str, row)) for row in rows], "origin": ["1/10"] * size}
    if second:
        data["second_teacher"] = network(*moved(W, b, V))
    for key in ("teacher", "student", "second_teacher") if biased else ():
        if key in data:
            data[key]["output_bias"] = [str(Fraction(rng.randint(-9, 9), near)) for _ in range(outputs)]
    return data


def some(seed: int):
    """Instance data of many kinds; in some, fan-outs are orthogonal and an observer is dead everywhere."""
    data = drawn(
        seed,
        2 + seed % 2,
        2 + seed % 3,
        ambient=3 + seed % 2 if seed % 3 == 0 else None,
        outputs=1 + seed % 2,
        near=3 if seed % 5 else 50,
        odd=seed % 4 == 1,
        second=seed % 2 == 0,
    )
    if seed % 6 == 5:
        count, size, dead = len(data["student"]["b"]), len(data["student"]["W"][0]), seed % 12 == 11
        data["student"]["V"] = [["1", str(int(dead)), *["1"] * (count - 2)], ["0", "1", *["2"] * (count - 2)]]
        if dead:
            data["student"]["W"][2], data["student"]["b"][2] = ["0"] * size, "-1"
    return data


def certified(data, *, trees=False, gap=1e-3) -> dict:
    """The certificate of instance data, as read back from its file; trees: no vertices, however small it is."""
    with mock.patch.object(evidence, "MOST_STEPS", 0 if trees else evidence.MOST_STEPS):
        return json.loads(json.dumps(certificate(Instance.from_json(json.dumps(data)), gap=gap)[0], allow_nan=False))


def example(name: str) -> dict:
    """The data of an example instance."""
    return json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))


def tilted() -> dict:
    """Corollary 1 repaired holds with a bound of some 10: a node of a fan-out of 100 lets that say something."""
    teacher = {"W": [["0", "1"], ["1", "1"], ["0", "0"]], "b": ["0", "4", "-1"], "V": [["1", "1", "100"]]}
    student = {"W": [["1/100", "1"], ["1", "1"]], "b": ["0", "4"], "V": [["1", "1"]]}
    region = {"lower": ["-1", "-1"], "upper": ["1", "1"]}
    return {"format": "twolayer-instance/1", "name": "tilted", "teacher": teacher, "student": student, "region": region}


SMALL = {  # two small students that nearly cancel: every form of Corollary 1 has a bound that says something of them
    "format": "twolayer-instance/1",
    "name": "small fan-outs",
    "teacher": {"W": [["1", "0"]], "b": ["1/5"], "V": [["1"]]},
    "student": {"W": [["1", "0"], ["0", "1"], ["1/50", "1"]], "b": ["1/5", "0", "0"], "V": [["1", "1/100", "-1/100"]]},
    "region": {"lower": ["-1", "-1"], "upper": ["1", "1"]},
}
FLAT = {  # two students lean to either side of a teacher in a flat box: a cylinder is wide where a ball is small
    "format": "twolayer-instance/1",
    "name": "a flat box",
    "teacher": {"W": [["0", "0", "1"], ["0", "0", "0"]], "b": ["0", "1"], "V": [["1", "1"]]},
    "student": {
        "W": [["1/1000", "0", "1"], ["-1/1000", "0", "1"], ["0", "0", "0"]],
        "b": ["0", "0", "1"],
        "V": [["1/2", "1/2", "1"]],
    },
    "region": {"lower": ["-50", "-50", "-1"], "upper": ["50", "50", "1"]},
}
BASES = {  # certificates to be mutated: every kind of evidence, radius and row
    "vertices, a copy": (lambda: example("theorem-1-sign"), False),
    "vertices, a corollary": (lambda: example("corollary-1-corner"), False),
    "vertices, small fan-outs": (lambda: SMALL, False),
    "vertices, rows of every form": (lambda: example("theorem-2-student"), False),
    "vertices, two teachers": (lambda: example("theorem-3-student"), False),
    "vertices, a line": (lambda: drawn(1, 1, 2, odd=True), False),
    "vertices, two outputs": (lambda: drawn(2, 2, 3, outputs=2, near=5000), False),
    "vertices, a tilted copy": (tilted, False),
    "vertices, output biases": (lambda: drawn(4, 2, 2, outputs=2, near=500, second=True, biased=True), False),
    "vertices, a flat box": (lambda: FLAT, False),
    "trees, a polygon": (lambda: drawn(11, 2, 3, near=4, polytope=True), True),
    "trees, odd nodes": (lambda: drawn(4, 2, 2, polytope=True, odd=True), True),
    "trees, a skew plane": (lambda: drawn(5, 2, 3, ambient=3, odd=True), True),
    "trees, a cube": (lambda: drawn(9, 3, 3, near=4), True),
    "trees, cuts below a decision": (lambda: drawn(10, 3, 4, near=10), True),
    "trees, two teachers": (lambda: drawn(7, 2, 2, near=2000, second=True), True),
    "trees, output biases": (lambda: drawn(6, 2, 2, near=500, second=True, biased=True), True),
    "trees, a copy": (lambda: example("theorem-1-sign"), True),
}


@cache
def _base(name: str) -> str:
    make, trees = BASES[name]
    return json.dumps(certified(make(), trees=trees, gap=1e-7))


def base(name: str) -> dict:
    """A fresh copy of a certificate of BASES."""
    return json.loads(_base(name))


# -- the checker ----------------------------------------------------------------------------------------------------


class Hang(BaseException):
    """A check that takes more of the processor than PATIENCE; how long a busy machine keeps it waiting says nothing."""


def _strike(*_):
    raise Hang


def checked(given) -> tuple[int, str, str]:
    """(exit status, standard output, standard error) of the checker for a certificate, or for a text."""
    out, err = io.StringIO(), io.StringIO()
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(given if isinstance(given, str) else json.dumps(given))
        file.flush()
        before = signal.signal(signal.SIGPROF, _strike)
        signal.setitimer(signal.ITIMER_PROF, PATIENCE)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = checker.main([file.name])
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
    return status, out.getvalue(), err.getvalue()


def accepted(certificate) -> str:
    """What the checker prints for a certificate that it accepts."""
    status, out, err = checked(certificate)
    assert status == 0, err
    return out


def refused(certificate, why: str) -> None:
    """The certificate is refused for that reason, in one line."""
    status, out, err = checked(certificate)
    assert (status, out, err.count("\n")) == (1, "", 1) and why in err, (status, out, err)


def enclosures(out: str) -> list[tuple[Fraction, Fraction]]:
    """The enclosures that the checker prints: of every student, then of the maximum."""
    intervals = re.findall(r"^proved: (\S+) <= sup \|g_1(?:,\d+)?\| <= (\S+)$", out, re.M)
    return [(Fraction(low), Fraction(high)) for low, high in intervals]


# -- mutations ------------------------------------------------------------------------------------------------------

WORDS = {
    "holds": ["fails", "vacuous"],
    "fails": ["holds", "vacuous"],
    "vacuous": ["holds", "fails"],
    "printed": ["repaired", "sharp"],
    "repaired": ["printed", "sharp"],
    "sharp": ["repaired", "printed"],
    "theorem-1": ["theorem-2", "corollary-1"],
    "theorem-2": ["theorem-1", "theorem-3", "fan-out-recovery"],
    "fan-out-recovery": ["theorem-2", "theorem-3"],
    "theorem-3": ["theorem-2"],
    "corollary-1": ["theorem-2"],
    "ball": ["disc", "guarded", "cylinder"],
    "disc": ["ball", "disc-above", "guarded"],
    "guarded": ["disc", "ball", "cylinder"],
    "cylinder": ["guarded", "ball"],
    "disc-above": ["disc"],
    "teacher": ["student", "second"],
    "student": ["teacher"],
    "second": ["teacher"],
    "vertices": ["tree", "dead"],
    "tree": ["vertices", "dead"],
    "dead": ["vertices", "tree"],
}
STRANGE = [
    None,
    True,
    False,
    0,
    1,
    -1,
    10**30,
    1e308,
    "1e400",
    "-1e-400",
    "1/0",
    "nan",
    "",
    "\ud800",
    [],
    {},
    [[]],
    "1" * 9000,
    "0x1",
    "1_000",
    "٣",
    [0, 1, 10**6],
    2**70,
    0.1,
]


def paths(value, prefix=()):
    """Every path into a JSON value."""
    yield prefix
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*prefix, key))


def get(value, path):
    """The value at a path."""
    for key in path:
        value = value[key]
    return value


def _number(rng: random.Random, text: str) -> str:
    x = Fraction(text)
    step = rng.choice((Fraction(1, 10**9), Fraction(1, 100), Fraction(1, 3), Fraction(1), Fraction(2)))
    return str(rng.choice((-x, x + step, x - step, x * (1 + step), x * (1 - step), Fraction(0), x / 2, 2 * x, abs(x))))


def _scalar(rng: random.Random, value):
    if rng.random() < 0.1:
        return rng.choice(STRANGE)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return rng.choice((value + 1, value - 1, -value, 0, value * 2, value ^ 1, rng.randint(-3, 8)))
    if isinstance(value, str) and value in WORDS:
        return rng.choice(WORDS[value])
    try:
        return _number(rng, value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        return rng.choice(STRANGE)


def _walk(rng: random.Random, value, stop=0.12):
    """A random path, evenly over sections first, so that long lists do not take all."""
    path: tuple = ()
    while isinstance(value, dict | list) and value and (not path or rng.random() > stop):
        key = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        path, value = (*path, key), value[key]
    return path


def mutate(rng: random.Random, given) -> None:
    """Change one thing, in place."""
    path = _walk(rng, given)
    parent, key, value = get(given, path[:-1]), path[-1], get(given, path)
    if not isinstance(value, dict | list):
        parent[key] = _scalar(rng, value)
        return
    kind = rng.choice(("drop", "twice", "swap", "graft", "empty", "strange", "inner"))
    if kind == "inner":
        return mutate(rng, value) if value else None
    if kind == "graft":
        parent[key] = copy.deepcopy(get(given, _walk(rng, given)))
    elif kind == "empty":
        parent[key] = type(value)()
    elif kind == "strange":
        parent[key] = rng.choice(STRANGE)
    elif isinstance(value, list) and value:
        i, j = rng.randrange(len(value)), rng.randrange(len(value))
        if kind == "drop":
            del value[i]
        elif kind == "twice":
            value.insert(j, copy.deepcopy(value[i]))
        else:
            value[i], value[j] = value[j], value[i]
    elif isinstance(value, dict) and value:
        first, other = rng.choice(list(value)), rng.choice(list(value))
        if kind == "drop":
            del value[first]
        else:
            value[first], value[other] = value[other], value[first]
    return None


def covet(rng: random.Random, given) -> None:
    """Claim a little more than is true, in place, for the mutation of the evidence to prove."""
    if given["verdicts"] and rng.random() < 0.4:
        row = rng.choice(given["verdicts"])
        if rng.random() < 0.6:
            row["verdict"] = rng.choice(WORDS[row["verdict"]])
        if rng.random() < 0.6:
            row["measured"], row["bound"] = row["bound"], row["measured"]
        else:
            key = rng.choice(("measured", "bound"))
            row[key] = _number(rng, row[key])
        return
    truth = certificate_truth.instance(given).suprema
    k = rng.randrange(len(truth))
    share = 1 + rng.choice((1, -1)) * Fraction(1, rng.choice((10**6, 1000, 3)))
    key = "upper" if share < 1 else "lower"
    given["students"][k][key] = str(truth[k] * share)
    ends = [rational(entry[key]) for entry in given["students"]]
    given["gradient"][key] = str(max(ends))


def fuzz(mutations: int, seed: int = 0, names=None, say=None) -> Counter:
    """Counts of what became of mutated certificates; AssertionError, with the certificate's text, where one is false."""
    rng, counts = random.Random(seed), Counter()
    names = list(names or BASES)
    for n in range(mutations):
        given = base(names[n % len(names)])
        if rng.random() < 0.5:
            covet(rng, given)
        before = text = json.dumps(given)
        while text == before:
            for _ in range(rng.choice((1, 1, 1, 2, 3))):
                mutate(rng, given)
            text = json.dumps(given)
        status, out, err = checked(text)
        if status == 0:
            lines = [line.partition(": ")[0] for line in out.splitlines()]
            assert not err and lines == ["instance", "sha256", *["proved"] * (len(lines) - 3), "rows"], (out, err)
            why = certificate_truth.true(given)
            assert not why, f"accepted, but {why}: {text}"
            counts["accepted and true"] += 1
        else:
            assert status == 1 and not out and err.startswith("not proved: ") and err.count("\n") == 1, (status, out, err)
            counts["refused"] += 1
        if say and n % 1000 == 999:
            say(f"{n + 1}: {dict(counts)}")
    return counts


if __name__ == "__main__":
    wanted = [int(x) for x in sys.argv[1:]]
    print(dict(fuzz(wanted[0] if wanted else 20_000, wanted[1] if wanted[1:] else 0, say=print)))
