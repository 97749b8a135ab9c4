"""Whether a JSON value is what a schema of docs/schemas says: the few keywords that they use, and no other.

A keyword that is not known here is an error, so no schema says more than what is tested.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "schemas"
SAYS_NOTHING = {"$schema", "title", "description", "$defs"}
KINDS = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


@cache
def schema(name: str) -> Any:
    """The schema in docs/schemas of that name, such as "instance"."""
    return json.loads((FOLDER / f"{name}.schema.json").read_text(encoding="utf-8"))


def fits(value: Any, name: str) -> bool:
    """Whether a value is what the schema of that name says."""
    return wrong(value, schema(name), schema(name), "$") is None


def complaint(value: Any, name: str) -> str | None:
    """Where and why it is not; None where it is."""
    return wrong(value, schema(name), schema(name), "$")


def is_kind(value: Any, kind: str) -> bool:
    if kind in ("number", "integer"):
        return type(value) in ((int, float) if kind == "number" else (int,))
    return isinstance(value, KINDS[kind])


def wrong(value: Any, part: Any, root: Any, place: str) -> str | None:
    """The first thing in a value that a part of a schema does not allow."""
    for keyword, wanted in part.items():
        fault = None if keyword in SAYS_NOTHING else broken(keyword, wanted, value, part, root, place)
        if fault is not None:
            return fault
    return None


def broken(keyword: str, wanted: Any, value: Any, part: Any, root: Any, place: str) -> str | None:
    match keyword:
        case "$ref":
            file, _, path = wanted.partition("#")
            whole = schema(file.removesuffix(".schema.json")) if file else root
            target = whole
            for step in path.split("/")[1:]:
                target = target[step]
            return wrong(value, target, whole, place)
        case "anyOf":
            faults = [wrong(value, one, root, place) for one in wanted]
            return None if None in faults else f"{place}: none of {len(faults)}, {'; '.join(map(str, faults))}"
        case "allOf":
            return next((fault for one in wanted if (fault := wrong(value, one, root, place))), None)
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            return None if any(is_kind(value, kind) for kind in kinds) else f"{place}: no {' or '.join(kinds)}"
        case "const" | "enum":
            constants = [wanted] if keyword == "const" else wanted
            return (
                None if any(type(value) is type(one) and value == one for one in constants) else f"{place}: none of {constants}"
            )
        case "required":
            missing = [key for key in wanted if isinstance(value, dict) and key not in value]
            return f"{place}: no {missing[0]}" if missing else None
        case "properties" if isinstance(value, dict):
            pairs = ((key, wanted[key]) for key in value if key in wanted)
            return next((fault for key, one in pairs if (fault := wrong(value[key], one, root, f"{place}.{key}"))), None)
        case "additionalProperties" if isinstance(value, dict):
            unknown = [key for key in value if key not in part.get("properties", {})]
            if wanted is False:
                return f"{place}: {unknown[0]} is not known" if unknown else None
            return next((fault for key in unknown if (fault := wrong(value[key], wanted, root, f"{place}.{key}"))), None)
        case "items" if isinstance(value, list):
            pairs = enumerate(value)
            return next((fault for i, x in pairs if (fault := wrong(x, wanted, root, f"{place}[{i}]"))), None)
        case "minItems" if isinstance(value, list):
            return f"{place}: too short" if len(value) < wanted else None
        case "maxItems" if isinstance(value, list):
            return f"{place}: too long" if len(value) > wanted else None
        case "pattern" if isinstance(value, str):
            return None if re.search(wanted, value) else f"{place}: {value[:40]!r} is malformed"
        case "minimum" | "maximum" if is_kind(value, "number"):
            inside = value >= wanted if keyword == "minimum" else value <= wanted
            return None if inside else f"{place}: {value} lies beyond {wanted}"
        case "properties" | "additionalProperties" | "items" | "minItems" | "maxItems" | "pattern" | "minimum" | "maximum":
            return None  # they speak of another kind of value
    raise ValueError(f"{keyword} is no keyword that these schemas use")
