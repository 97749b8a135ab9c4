"""Instance = teacher + student + region + subspace (+ second teacher), and its JSON format."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from typing import Any

import numpy as np

from . import exact
from .files import BadInput, parsed, quoted
from .linear.programs import interior_point, is_empty
from .linear.simplex import Undecided, ray_within
from .networks import TwoLayer, as_floats, number_array
from .regions import Box, Polytope, Subspace, frame, restrict_polytope
from .samples import box_around, hull_around, on_plane, principal_plane, scores

SCHEMA = json.loads(resources.files(__package__).joinpath("instance.schema.json").read_text(encoding="utf-8"))
FORMAT = SCHEMA["properties"]["format"]["const"]
AXES = {"#/$defs/vector": 1, "#/$defs/matrix": 2}  # what the schema calls lists of numbers, and lists of these
LONGEST_NAME = 60  # characters of a name that an instance's one line shows
LARGEST_FLOAT = float(np.finfo(np.float64).max)
LARGEST_EXPONENT = 400  # beyond it "1e999999999" would be a denial of service, not a number
LONGEST_NUMBER = 2000  # characters; the same reason
_INTEGER_RATIO = re.compile(r"[+-]?\d+(/\d+)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE]([+-]?\d+))?", re.ASCII)


@dataclass(frozen=True, eq=False)
class Instance:
    """A teacher, a student, the region R of the data, and the affine subspace U on which statements are checked.

    second_teacher is the other teacher of Theorem 3. samples (n, d), if there are some, are points at which searches begin: no
    hypothesis, and no part of a file. Raises BadInput where dimensions differ, R is unbounded or has no interior, or U meets R
    in no more than its boundary.
    """

    teacher: TwoLayer
    student: TwoLayer
    region: Polytope
    subspace: Subspace | None = None
    second_teacher: TwoLayer | None = None
    name: str = "unnamed"
    samples: np.ndarray | None = None

    def __post_init__(self):
        d, outputs = self.teacher.inputs, self.teacher.outputs
        if self.subspace is None:
            object.__setattr__(self, "subspace", Subspace.whole(d))
        assert self.subspace is not None
        for label, dimension in (
            ("student", self.student.inputs),
            ("region", self.region.dimension),
            ("subspace", self.subspace.ambient),
        ):
            if dimension != d:
                raise BadInput(f"teacher has input dimension {d}, so {label} needs dimension {d}; got {dimension}")
        if self.student.outputs != outputs:
            raise BadInput(f"teacher has {outputs} outputs, so student needs {outputs}; got {self.student.outputs}")
        if self.second_teacher is not None:
            got = (self.second_teacher.inputs, self.second_teacher.outputs)
            if got != (d, outputs):
                raise BadInput(f"second_teacher needs (inputs, outputs) = {(d, outputs)} like teacher; got {got}")
        if self.samples is not None:
            samples = _constructed(number_array, "instance", self.samples, "samples", 2)
            if samples.shape[1] != d:
                raise BadInput(f"teacher has input dimension {d}, so samples need shape (n, {d}); got {samples.shape}")
            object.__setattr__(self, "samples", as_floats(samples) if samples.dtype == object else samples)
        self._check_region()

    def _check_region(self):
        assert self.subspace is not None
        for label, arrays in (
            ("region", (self.region.A, self.region.c)),
            ("subspace", (self.subspace.basis, self.subspace.origin)),
        ):
            if any(abs(x) > LARGEST_FLOAT for array in arrays for x in array.flat):
                raise BadInput(f"{label} needs numbers within the range of floats; got a larger one")
        A, c = exact.rationals(self.region.A), exact.rationals(self.region.c)
        try:
            coordinates = frame(self.subspace)
            rows, limits = restrict_polytope(self.region, coordinates)
        except ValueError as error:
            raise BadInput(str(error)) from None
        if len(rows) == 0:
            raise BadInput("region needs to be bounded; got one that does not bound the subspace")
        try:
            point, _ = interior_point(rows, limits)
            if point is None or len(rows) < len(A):  # a row that is constant on U may be an equality of R
                if interior_point(A, c)[0] is None:
                    kind = "an empty" if is_empty(A, c) else "a flat"
                    raise BadInput(f"region needs interior points; got {kind} polytope")
            if point is None:
                raise BadInput("subspace needs to cross the interior of the region; got one that misses or only touches it")
            ray = ray_within(A)
        except Undecided as error:
            raise BadInput(f"region needs to be bounded and to have interior points on the subspace; {error}") from None
        if ray is not None:
            raise BadInput(f"region needs to be bounded; got an unbounded polytope, without end along {_direction(ray)}")

    def __repr__(self) -> str:
        name = self.name if len(self.name) <= LONGEST_NAME else self.name[:LONGEST_NAME] + ".."
        second = "" if self.second_teacher is None else f", second teacher K={self.second_teacher.width}"
        nodes = f"K={self.teacher.width}+{self.student.width}, C={self.teacher.outputs}"
        assert self.subspace is not None
        plane = f"d'={self.subspace.dimension} in d={self.subspace.ambient}"
        return f"Instance({name!r}, {nodes}, {plane}, region of {len(self.region.c)} rows{second})"

    @classmethod
    def from_data(
        cls,
        teacher: TwoLayer,
        student: TwoLayer,
        X: np.ndarray,
        rank: int,
        *,
        second_teacher: TwoLayer | None = None,
        name: str = "from data",
        margin: float = 0.0,
        region: str = "box",
    ) -> Instance:
        """The networks on the samples' principal plane, and a region on it that holds every projected sample.

        X       (n, d) samples; memory and time are linear in n
        rank    dimension of the plane U = mean + span of the leading principal directions. The instance is written in the
                plane's coordinates, exactly (Lemma 1), with R inside it: statements speak of U alone, and a file holds
                rank numbers a node instead of d. `principal_plane(X, rank)` is the plane, to map points back.
        region  "box" along the principal axes, or "hull": the box cut by support half-spaces in chosen directions
        margin  half-width of a direction in which the samples do not spread; 0: a billionth of the largest spread

        The projected samples become the instance's `samples`: searches begin at the best of them.
        Source: Section 5.3.
        """
        X = np.asarray(X, dtype=np.float64)
        if X.ndim != 2 or X.shape[1] != teacher.inputs:
            raise BadInput(
                f"teacher has input dimension {teacher.inputs}, so X needs shape (n, {teacher.inputs}); got {X.shape}"
            )
        if not np.isfinite(X).all():
            raise BadInput("X needs finite numbers; got a NaN or an infinity")
        if not 1 <= rank <= X.shape[1]:
            raise BadInput(f"rank needs to lie between 1 and {X.shape[1]}; got {rank}")
        if len(X) <= rank:
            raise BadInput(f"rank {rank} needs more than {rank} samples; got {len(X)}")
        if region not in ("box", "hull"):
            raise BadInput(f'region needs to be "box" or "hull"; got {region!r}')
        if (X == X[0]).all():
            raise BadInput(f"X needs samples that differ; got {len(X)} equal ones")
        plane = principal_plane(X, rank)
        given = (teacher, student) if second_teacher is None else (teacher, student, second_teacher)
        first, second, *other = (on_plane(network, plane) for network in given)
        z = scores(X, plane)
        if region == "box":
            around = box_around(z, margin)
        else:
            around = hull_around(z, np.concatenate([network.floats().W for network in (first, second, *other)]), margin)
        return cls(first, second, around, second_teacher=other[0] if other else None, name=name, samples=z)

    @classmethod
    def from_json(cls, text: str) -> Instance:
        """Parse the instance format, as instance.schema.json says it; BadInput names the first thing that is wrong."""
        return _parse(parsed(text, "an instance"))

    def to_json(self) -> str:
        """The instance as JSON text; floats stay floats, Fractions become "p/q" strings. `from_json` inverts it."""
        data: dict[str, Any] = {"format": FORMAT, "name": self.name}
        for key, network in (("teacher", self.teacher), ("student", self.student)):
            data[key] = _network_written(network)
        data["region"] = {"A": _written(self.region.A), "c": _written(self.region.c)}
        assert self.subspace is not None
        data["subspace"] = {"basis": _written(self.subspace.basis), "origin": _written(self.subspace.origin)}
        if self.second_teacher is not None:
            data["second_teacher"] = _network_written(self.second_teacher)
        return json.dumps(data)


def _parse(data) -> Instance:
    if not isinstance(data, dict):
        raise BadInput(f"an instance needs to be a JSON object; got {_kind(data)}")
    if data.get("format") != FORMAT:
        raise BadInput(f'format needs to be "{FORMAT}"; got {json.dumps(data.get("format"))[:60]}')
    given = _read(data, SCHEMA, "")
    teachers = {
        key: _constructed(TwoLayer, key, **given[key]) for key in ("teacher", "student", "second_teacher") if key in given
    }
    region = _constructed(Box if "lower" in given["region"] else Polytope, "region", **given["region"])
    subspace = given.get("subspace")
    if subspace is not None:
        subspace.setdefault("origin", np.zeros(subspace["basis"].shape[1]))
        subspace = _constructed(Subspace, "subspace", **subspace)
    name = given.get("name", "unnamed")
    return Instance(teachers["teacher"], teachers["student"], region, subspace, teachers.get("second_teacher"), name)


def _read(data: Any, part: Any, where: str) -> Any:
    """What stands at a place of a file, read as a part of the schema says: objects by their keys, numbers as arrays."""
    if part.get("$ref") in AXES:
        return _array(data, where, AXES[part["$ref"]])
    if "$ref" in part:
        return _read(data, SCHEMA["$defs"][part["$ref"].rpartition("/")[2]], where)
    if "anyOf" in part:  # objects, told apart by their keys
        meant = (one for one in reversed(part["anyOf"]) if isinstance(data, dict) and data.keys() & one["properties"].keys())
        return _read(data, next(meant, part["anyOf"][0]), where)
    if part.get("type") == "object":
        properties, required, this = part["properties"], part["required"], where or "the instance"
        if not isinstance(data, dict):
            raise BadInput(f"{this} needs to be a JSON object; got {_kind(data)}")
        for key in data:
            if key not in properties:
                raise BadInput(f"{this} needs only the keys {', '.join(properties)}; got {quoted(key)}")
        for key in required:
            if key not in data:
                raise BadInput(f"{this} needs the key {key!r}; got {', '.join(data) or 'none'}")
        return {key: _read(data[key], properties[key], f"{where}.{key}".removeprefix(".")) for key in properties if key in data}
    if part.get("type") == "string" and not isinstance(data, str):
        raise BadInput(f"{where} needs to be a string; got {_kind(data)}")
    return data


def _constructed(make, key, *given, **arrays):
    try:
        return make(*given, **arrays)
    except ValueError as error:
        raise BadInput(f"{key}: {error}") from None


def _array(data, where, ndim):
    """Nested lists of numbers as a float64 array, or an array of Fractions if a string is among them."""
    if not isinstance(data, list):
        raise BadInput(f"{where} needs a list; got {_kind(data)}")
    if ndim == 1:
        values = [_number(x, f"{where}[{i}]") for i, x in enumerate(data)]
        return _as_array(values, (len(values),))
    rows = [_array(row, f"{where}[{i}]", 1) for i, row in enumerate(data)]
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise BadInput(f"{where} needs rows of equal length; got lengths {', '.join(map(str, sorted(lengths)))}")
    return _as_array([x for row in rows for x in row], (len(rows), lengths.pop() if lengths else 0))


def _as_array(values, shape):
    out = np.empty(len(values), dtype=object)
    out[:] = values
    if not any(isinstance(x, Fraction) for x in values):
        out = out.astype(np.float64)
    return out.reshape(shape)


def _number(x, where):
    if isinstance(x, bool) or not isinstance(x, (int, float, str)):
        raise BadInput(f"{where} needs a number or a string; got {_kind(x)}")
    if isinstance(x, str):
        return parse_number(x, where)
    try:
        value = float(x)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise BadInput(f"{where} needs a finite number; got one beyond the range of floats")
    return value


def parse_number(text: str, where: str = "number") -> Fraction:
    """The exact value of "p/q", a decimal string, or one with an exponent of at most 400."""
    text = text.strip()
    shown = quoted(text)
    decimal = _DECIMAL.fullmatch(text)
    if len(text) > LONGEST_NUMBER:
        raise BadInput(f"{where} needs a number of at most {LONGEST_NUMBER} characters; got {len(text)}")
    if not decimal and not _INTEGER_RATIO.fullmatch(text):
        raise BadInput(f'{where} needs a number like "3/4", "0.75" or "1e-3"; got {shown}')
    if decimal and decimal[3] and abs(int(decimal[3])) > LARGEST_EXPONENT:
        raise BadInput(f"{where} needs an exponent of at most {LARGEST_EXPONENT}; got {shown}")
    try:
        return Fraction(text)
    except ZeroDivisionError:
        raise BadInput(f"{where} needs a nonzero denominator; got {shown}") from None


def _direction(ray: np.ndarray) -> str:
    """A direction as (x, y, ...), its largest entry +-1; at most eight entries, in short decimals where exact ones are long."""
    entries = [str(x) for x in ray / max(abs(x) for x in ray)]
    exactly = all(len(x) <= 12 for x in entries)
    if not exactly:
        entries = [f"{float(Fraction(x)):.3g}" for x in entries]
    shown = ", ".join(entries[:8]) + (", ..." if len(entries) > 8 else "")
    return f"({shown})" if exactly else f"about ({shown})"


def _kind(x):
    kinds = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", type(None): "null"}
    return kinds.get(type(x), "a number")


def _network_written(network: TwoLayer) -> dict[str, list]:
    return {field: _written(array) for field, array in network.arrays.items()}


def _written(array):
    if array.ndim == 2:
        return [_written(row) for row in array]
    return [str(x) if isinstance(x, Fraction) else float(x) for x in array]
