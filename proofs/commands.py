"""`python -m proofs`: check every proof, counterexample and record; show one; check a certificate.

Every module below proofs/lemmas, proofs/formal, proofs/counterexamples and proofs/records with an ENTRY, or several ENTRIES,
is a row: adding a conclusion is adding a file.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import pkgutil
import re
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from typing import Any

from .entry import GENERAL, SAMPLES, WORDS, Entry, Step, Unavailable
from .process import DONE, FAILED, Parser, refused

PACKAGES = {
    "lemmas": "proof",
    "formal": "proof",
    "counterexamples": "counterexample",
    "records": "record",
}  # and what they hold
COMMAND = f"python -m {__package__}"  # proofs in the repository, twolayer_proofs where the wheel is installed
WIDTH = 100  # of the text that `show` prints
FORMAT = "twolayer-proofs/1"
STEPS = {GENERAL: "general", SAMPLES: "samples", WORDS: "words"}  # their keys in --json
Row = dict[str, Any]


class CollectionError(Exception):
    """The rows cannot be collected."""


def entries() -> list[Entry]:
    """Every entry, packages in the order of PACKAGES, files in the order of their names.

    A module that cannot be imported is an entry whose check fails. Raises CollectionError if two entries
    share a name.
    """
    listed: list[Entry] = []
    for kind, name in _modules():
        try:
            module = importlib.import_module(name)
        except Exception as error:  # whatever it is, this file proves nothing, and the others still may
            listed.append(_unreadable(kind, name, error))
            continue
        listed += getattr(module, "ENTRIES", ())
        if hasattr(module, "ENTRY"):
            listed.append(module.ENTRY)
    names = [entry.name for entry in listed]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CollectionError(f"expected one entry for each name; got two named {', '.join(twice)}")
    return listed


def _modules() -> Iterator[tuple[str, str]]:
    for package, kind in PACKAGES.items():
        try:
            place = importlib.import_module(f"{__package__}.{package}")
        except ModuleNotFoundError as error:
            if error.name != f"{__package__}.{package}":
                raise
            continue
        for module in pkgutil.walk_packages(place.__path__, f"{place.__name__}."):
            yield kind, module.name


def _unreadable(kind: str, module: str, error: Exception) -> Entry:
    def fail() -> None:
        raise error

    what = f"{module} cannot be imported"
    return Entry(module.rpartition(".")[2].replace("_", "-"), "-", kind, what, "Nothing.", "Anything.", (Step(what, fail),))


def row(entry: Entry) -> tuple[Row, str]:
    """Run an entry's checks: the row (name, label, kind, result, seconds, how many steps are checked in which way; coq and
    axioms of a formal theorem that passes), and why it fails, or why it was skipped, or ""."""
    start, why, result = time.perf_counter(), "", "pass"
    try:
        entry.check()
    except Unavailable as reason:
        why, result = " ".join(str(reason).split()), "skipped"
    except Exception as error:  # any error in a check means that nothing is proved
        why, result = " ".join(f"{type(error).__name__}: {error}".split()), "fail"
    seconds = round(time.perf_counter() - start, 3)
    record: Row = {"name": entry.name, "label": entry.label, "kind": entry.kind, "result": result, "seconds": seconds}
    record["steps"] = {key: entry.counts[kind] for kind, key in STEPS.items()}
    if entry.coq and result == "pass":
        record |= {"coq": entry.coq, "axioms": []}
    return record, why


def check_all(as_json: bool) -> int:
    """Check everything; prints a row each, and on standard error why one fails. Returns 0, or 1 if one does.

    A row that cannot be checked here is no row of --json: it stands under "skipped", with the reason.
    """
    listed, rows, skipped = entries(), [], []
    width = max((len(entry.name) for entry in listed), default=0)
    label = max((len(entry.label) for entry in listed), default=0)
    for entry in listed:
        record, why = row(entry)
        if record["result"] == "skipped":
            skipped.append({key: record[key] for key in ("name", "label", "kind")} | {"reason": why})
        else:
            rows.append(record)
        if not as_json:
            name, said, kind, result, seconds = list(record.values())[:5]
            formal = f"  {entry.coq}: no axioms" if "axioms" in record else ""
            word = "words" if result == "pass" and not entry.is_checked else result  # nobody takes it for a proof that was run
            steps = ", ".join(f"{count} {kind}" for kind, count in entry.counts.items() if count)
            print(f"{name:{width}}  {said:{label}}  {kind:14}  {word:7}  {seconds:6.2f} s  {steps}{formal}", flush=True)
        if record["result"] == "fail":
            print(f"{entry.name}: {why}", file=sys.stderr)
    failed = sum(record["result"] == "fail" for record in rows)
    if as_json:
        print(json.dumps({"format": FORMAT, "rows": rows, "skipped": skipped}, indent=1))
    else:
        for reason in dict.fromkeys(one["reason"] for one in skipped):
            print(f"{sum(one['reason'] == reason for one in skipped)} skipped, neither passed nor failed: {reason}")
        print(summary(rows))
    return FAILED if failed else DONE


def summary(rows: Sequence[Row]) -> str:
    """One line: what passes, by kind, apart from what is words alone; what fails; how the steps are checked."""
    passed = [row for row in rows if row["result"] == "pass"]
    checked = [row for row in passed if row["steps"]["general"] + row["steps"]["samples"]]
    kinds = [sum(row["kind"] == kind for row in checked) for kind in ("proof", "counterexample", "record")]
    whole = sum(row["kind"] == "proof" and not row["steps"]["samples"] + row["steps"]["words"] for row in checked)
    steps = ", ".join(f"{sum(row['steps'][key] for row in rows)} {kind}" for kind, key in STEPS.items())
    return (
        f"{len(passed)} of {len(rows)} pass: {kinds[0]} proofs ({whole} of them checked in general at every step),"
        f" {kinds[1]} counterexamples, {kinds[2]} records, {len(passed) - len(checked)} in words alone; steps: {steps}"
    )


def shown(entry: Entry, markdown: bool = False) -> str:
    """An entry as text: statement, proof in steps, how each is checked, what is certified and what is not."""
    sections = [("Statement", entry.statement), ("Certified", entry.certifies), ("Not certified", entry.does_not)]
    if entry.expects is not None:
        said = ", ".join(f"{key} {value}" for key, value in entry.expects.items())
        sections.append(("As an instance", f"twolayer check says that the printed form fails: {said}."))
    steps = [(f"{step.kind}{f' ({step.samples})' if step.samples else ''}", step.text) for step in entry.steps]
    numbered = list(enumerate(steps, 1))
    if markdown:
        proof = "\n".join(f"{n}. **{mark}** {_escaped(text)}" for n, (mark, text) in numbered)
        blocks = [f"# {entry.name}", f"*{entry.kind}*: {_escaped(entry.label)}"]
        blocks += [f"## {title}\n\n{_escaped(text)}" for title, text in sections]
        blocks.insert(3, f"## Proof\n\n{proof}")
        blocks += [f"## In Coq\n\n```\n{entry.verbatim}\n```"] if entry.verbatim else []
    else:
        proof = "\n".join(_filled(text, f"  {n:2}  {mark}: ") for n, (mark, text) in numbered)
        blocks = [f"{entry.name}   ({entry.kind}: {entry.label})"]
        blocks += [f"{title}\n{_filled(text, '    ')}" for title, text in sections]
        blocks.insert(2, f"Proof\n{proof}")
        blocks += [f"In Coq\n{textwrap.indent(entry.verbatim, '    ')}"] if entry.verbatim else []
    return "\n\n".join(blocks)


def _filled(text: str, indent: str) -> str:
    words, margin = " ".join(text.split()), " " * (len(indent) - len(indent.lstrip()) + 4 * bool(indent.strip()))
    return textwrap.fill(
        words, WIDTH, initial_indent=indent, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def _escaped(text: str) -> str:
    """One line of Markdown that shows the text as it is: w*_j is no emphasis, |x| < 1 no table and no tag."""
    return re.sub(r"([\\`*_<>|#\[\]])", r"\\\1", " ".join(text.split()))


def show(name: str, markdown: bool) -> int:
    """Print an entry; dashes and underscores in its name are the same. Returns 0, or 2 for an unknown name."""
    by_name = {entry.name: entry for entry in entries()}
    wanted = name.replace("_", "-")
    match = next((entry for key, entry in by_name.items() if key.replace("_", "-") == wanted), None)
    if match is None:
        advice = f"`{COMMAND}` lists all {len(by_name)}"
        return refused(f"{COMMAND} show", f"no entry is named {name!r}; {advice}")
    print(shown(match, markdown))
    return DONE


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, 1 (a check failed), 2 (bad usage, as SystemExit where the parser finds it)."""
    if not __debug__:
        return refused(COMMAND, "checks are assertions, which -O removes; run it without -O")
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["check"]:  # its options are the checker's own
        from .check import main as check

        return check(given[1:])
    parser = Parser(prog=COMMAND, description="Check every proof and every record.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    commands = parser.add_subparsers(dest="command")
    one = commands.add_parser("show", help="print one proof: statement, steps, what is certified, what is not")
    one.add_argument("name")
    one.add_argument("--markdown", action="store_true")
    commands.add_parser("check", help="check a certificate file")
    options = parser.parse_args(given)
    if importlib.util.find_spec("sympy") is None:
        missing = "expected sympy, which the lemmas are checked with, and it is not installed"
        return refused(COMMAND, f"{missing}: pip install twolayer (sympy is in its base dependencies)")
    try:
        return show(options.name, options.markdown) if options.command == "show" else check_all(options.json)
    except CollectionError as error:
        print(f"{COMMAND}: {error}", file=sys.stderr)
        return FAILED
