"""Files that come in and go out: one reader of JSON, one writer, and names from files as a terminal may show them.

What is malformed is BadInput, one line. What goes out is whole or not there.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import secrets
import stat
import sys
from pathlib import Path
from typing import Any

MOST_BYTES = 64 << 20  # of a file that comes in: the largest instances take a few MiB
DEEPEST = 64  # lists and objects in each other; an instance needs 4
LONGEST_SHOWN = 200  # characters of a name on a terminal
STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
PARTIAL = ".twolayer-{}.partial"  # a file while it is written, beside the one that it will be
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]|[\ud800-\udfff]")


class BadInput(ValueError):  # noqa: N818  what it is, as callers say it
    """Malformed input, or a place that takes no output; the message is one line: what was expected and what came."""


def content(path: str | Path) -> bytes:
    """The bytes of a file, or of standard input where the path is "-"; BadInput where there are none, or too many."""
    try:
        if str(path) == "-":
            if sys.stdin is None:
                raise BadInput("standard input needs to be open; got a closed one")
            read = getattr(sys.stdin, "buffer", sys.stdin).read(MOST_BYTES + 1)
            data = read.encode() if isinstance(read, str) else read
        else:
            with open(path, "rb") as file:
                data = file.read(MOST_BYTES + 1)
    except (OSError, UnicodeEncodeError) as error:
        raise BadInput(f"{path} needs to be a readable file; got {reason(error)}") from None
    except ValueError as error:
        raise error if isinstance(error, BadInput) else BadInput(f"{path!r} needs to be a file's name; got {error}") from None
    if len(data) > MOST_BYTES:
        raise BadInput(f"{path} needs to have at most {MOST_BYTES >> 20} MiB; got more")
    return data


def text(path: str | Path) -> str:
    """The text of a file, UTF-8 with or without a byte order mark; BadInput as for `content`."""
    try:
        return content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} needs to be UTF-8 text; got other bytes") from None


def parsed(written: str, what: str) -> Any:
    """The value of a JSON text; BadInput where it is none that every reader would read alike.   what: "an instance"

    No key twice, no NaN and no infinity, no lone surrogates, at most DEEPEST lists and objects in each other.
    """
    try:
        value = json.loads(written.removeprefix("\ufeff"), object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise BadInput(f"{what} needs to be JSON; got an error at line {error.lineno}: {error.msg}") from None
    except (RecursionError, MemoryError):
        raise BadInput(f"{what} needs to be JSON of moderate depth; got deeper nesting") from None
    except ValueError as error:
        raise error if isinstance(error, BadInput) else BadInput(f"{what} needs to be JSON; {error}") from None
    level = [value]
    for _ in range(DEEPEST):
        within = (inner.values() if isinstance(inner, dict) else inner for inner in level if isinstance(inner, (dict, list)))
        level = [x for inner in within for x in inner if isinstance(x, (dict, list))]
        if not level:
            break
    else:
        raise BadInput(f"{what} needs to be JSON of moderate depth; got deeper nesting")
    if _SURROGATE.search(written):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            raise BadInput(f"{what} needs whole characters; got half of a surrogate pair") from None
    return value


def _unique(pairs):
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        raise BadInput(f"every key needs to appear once; got {quoted(next(k for k in keys if keys.count(k) > 1))} twice")
    return members


def _no_constant(name):
    raise BadInput(f"numbers need to be finite; got {name}")


def is_number(x: Any) -> bool:
    """Whether a value from JSON is a number that a float can hold."""
    try:
        return isinstance(x, (int, float)) and not isinstance(x, bool) and math.isfinite(x)
    except OverflowError:
        return False


def sealed(value: dict[str, Any]) -> bytes:
    """An object as JSON with the SHA-256 of its text, for files that are read back."""
    return json.dumps({"sha256": _digest(value), **value}, allow_nan=False).encode()


def unsealed(written: str, what: str) -> dict[str, Any]:
    """What `sealed` wrote, without its sum; BadInput where one bit of it is another."""
    value = parsed(written, what)
    if not isinstance(value, dict) or _digest({k: v for k, v in value.items() if k != "sha256"}) != value.get("sha256"):
        raise BadInput(f"{what} needs the content that was written; got another, or no checksum")
    del value["sha256"]
    return value


def _digest(value: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def tried(path: str) -> None:
    """Find out before the work whether a result can be written to a path; BadInput if not. Makes its folder."""
    name = "needs to be a writable file"
    if not path:
        raise BadInput("the output needs a file's name; got an empty one")
    if path in STANDARD_OUTPUT:
        return
    try:
        if os.path.isdir(path) or path.endswith(("/", os.sep)):
            raise BadInput(f"{path} {name}; got a directory")
        there = _mode(path)
        if there is not None and not os.access(path, os.W_OK):
            raise BadInput(f"{path} {name}; got one that is not")
        if there is None or stat.S_ISREG(there):
            target = Path(os.path.realpath(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            number, temporary = _temporary(target)
            os.close(number)
            temporary.unlink()
    except (OSError, ValueError) as error:
        raise error if isinstance(error, BadInput) else BadInput(f"{path} {name}; got {reason(error)}") from None


def tried_folder(path: str) -> None:
    """The same for a folder of results."""
    if not path or path in STANDARD_OUTPUT:
        raise BadInput(f"the output needs to be a directory; got {path!r}")
    tried(os.path.join(path, ".tried"))


def written(path: str | Path, content: bytes) -> None:
    """Write a file with its folder. A device or a pipe is written through; a link leads to the file that is replaced.

    A regular file is replaced as a whole and keeps its mode. OSError where that fails; nothing half written is left.
    """
    there = _mode(path)
    if there is not None and not stat.S_ISREG(there):
        with open(path, "wb") as file:
            file.write(content)
        return
    target = Path(os.path.realpath(path))
    target.parent.mkdir(parents=True, exist_ok=True)
    number, temporary = _temporary(target)
    try:
        with os.fdopen(number, "wb") as file:
            if there is not None:
                os.chmod(temporary, stat.S_IMODE(there))
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the name is on the disk with it
        finally:
            os.close(folder)


def swept(folder: Path) -> None:
    """Remove what killed processes left half written in a folder and below; nobody else may be writing there."""
    for left in folder.rglob(PARTIAL.format("*")):
        left.unlink(missing_ok=True)


def _mode(path: str | Path) -> int | None:
    """The mode of what a path leads to; None where there is nothing yet."""
    try:
        return os.stat(path).st_mode
    except FileNotFoundError:
        return None


def _temporary(target: Path) -> tuple[int, Path]:
    """A new file beside another one, opened.   -> (its number, its path)"""
    path = target.with_name(PARTIAL.format(secrets.token_hex(8)))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666), path


def reason(error: Exception) -> str:
    """An error in a few words."""
    return getattr(error, "strerror", None) or " ".join(str(error).split())


def quoted(text: str) -> str:
    """At most 40 characters of it, in quotes and on one line."""
    return repr(text if len(text) <= 40 else text[:40] + "...")


def shown(text: str, most: int = LONGEST_SHOWN) -> str:
    """A name from a file as a terminal may show it: on one line, characters that cannot be seen escaped, never too long."""
    cut = text if len(text) <= most else text[:most] + "..."
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in cut)
