"""The Coq files of this folder, compiled once: a file is compiled anew when its text or that of a file it imports changed.

Compiled files lie in build/formal/ (ignored by git), each beside the copy of the text that it was made from and a
key: the digest of Coq's version, the text, the keys of its imports, and of the compiled file itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..entry import Unavailable

SOURCES = Path(__file__).parent
BUILD = SOURCES.parents[1] / "build" / "formal"
LIBRARY = "TwoLayer"  # what the files call this folder, as in _CoqProject
WRITTEN_FOR = "8.16"  # with MathComp 1: other versions know other names, and print statements otherwise
PACKAGES = "coq libcoq-mathcomp-algebra libcoq-mathcomp-algebra-tactics"
ADVICE = f"Debian 12: apt-get install --no-install-recommends {PACKAGES}"
SECONDS = 300  # a file; the longest takes seven
IMPORTS = re.compile(rf"^From {LIBRARY} Require Import ([\w ]+)\.$", re.M)
NEEDED = "From mathcomp Require Import all_ssreflect all_algebra ring zify."


def coq(command: str, *arguments: str, place: Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run coqc or coqtop in `place`; `text` is its standard input. Raises Unavailable if there is no Coq."""
    try:
        return subprocess.run(
            [command, "-q", *arguments], cwd=place, input=text, capture_output=True, text=True, timeout=SECONDS
        )
    except FileNotFoundError:
        raise Unavailable(f"Coq is not installed (no {command}). {ADVICE}") from None


def version(place: Path) -> str:
    """Coq's version. Raises Unavailable if it is missing, another one, or without MathComp."""
    told = (coq("coqc", "--print-version", place=place).stdout.split() or ["nothing"])[0]
    if not told.startswith(WRITTEN_FOR):
        raise Unavailable(f"the files are written for Coq {WRITTEN_FOR} with MathComp 1; found Coq {told}. {ADVICE}")
    asked = coq("coqtop", place=place, text=NEEDED)
    if "Error" in asked.stdout + asked.stderr:
        raise Unavailable(f"Coq {told} finds no MathComp with algebra tactics. {ADVICE}")
    return told


def imports(sources: Path) -> dict[str, list[str]]:
    """The files of a folder and what each imports of them, every file after its imports.

    Raises ValueError if two files import each other, or one that is not there.
    """
    needs = {path.stem: " ".join(IMPORTS.findall(path.read_text(encoding="utf-8"))).split() for path in sources.glob("*.v")}
    ordered: dict[str, list[str]] = {}
    while len(ordered) < len(needs):
        ready = sorted(name for name, below in needs.items() if name not in ordered and ordered.keys() >= set(below))
        if not ready:
            raise ValueError(f"expected imports without a circle among the files of {sources}; got {needs}")
        ordered |= {name: needs[name] for name in ready}
    return ordered


@contextmanager
def held(build: Path) -> Iterator[None]:
    """The build folder, made if need be, for one process at a time. Raises Unavailable if it cannot be written."""
    try:
        build.mkdir(parents=True, exist_ok=True)
        lock = (build / "lock").open("w")
    except OSError as error:
        raise Unavailable(f"compiled files need a place, and {build} cannot be written: {error}") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def compiled(sources: Path = SOURCES, build: Path = BUILD) -> dict[str, str]:
    """Compile what needs it: for each file, after its imports, why it does not compile, or "". Raises Unavailable."""
    with held(build):
        told = version(build)
        keys: dict[str, str] = {}
        why: dict[str, str] = {}
        for name, below in imports(sources).items():
            text = (sources / f"{name}.v").read_bytes()
            parts = [told.encode(), text, *(keys.get(one, "").encode() for one in below)]
            keys[name] = digest(b"\0".join(parts))
            broken = [one for one in below if why[one]]
            why[name] = f"{broken[0]} does not compile" if broken else _compiled(build, name, text, keys[name])
        return why


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _compiled(build: Path, name: str, text: bytes, key: str) -> str:
    compiled, note = build / f"{name}.vo", build / f"{name}.key"
    if compiled.exists() and note.exists() and note.read_text().split() == [key, digest(compiled.read_bytes())]:
        return ""
    for path in (compiled, note):
        path.unlink(missing_ok=True)
    (build / f"{name}.v").write_bytes(text)
    try:
        done = coq("coqc", "-w", "none", "-Q", ".", LIBRARY, f"{name}.v", place=build)
    except subprocess.TimeoutExpired:
        return f"{name}.v is not compiled after {SECONDS} s"
    if done.returncode or not compiled.exists():
        return " ".join((done.stderr or done.stdout).split()) or f"coqc stops with status {done.returncode}"
    note.write_text(f"{key} {digest(compiled.read_bytes())}\n")
    return ""


def copied(build: Path, to: Path) -> None:
    """A second build folder with what the first has compiled."""
    shutil.copytree(build, to, ignore=shutil.ignore_patterns("lock"))
