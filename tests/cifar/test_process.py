"""How a command of cifar ends: what its user did is one line and 2, what we did is a traceback and 70."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cifar import commands
from twolayer.files import BadInput

ROOT = Path(__file__).parents[2]
COMMANDS = {"list": ["list"], "run": ["run", "at", "--data", "D", "--out", "O"], **{name: [name] for name in commands.COMMANDS}}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        (lambda: [1].index(2), 70),
        (lambda: {}["key"], 70),
        (lambda: __import__("numpy_of_another_name"), 70),
        (lambda: (_ for _ in ()).throw(BadInput("came 3\nwanted 4")), 2),
        (lambda: Path("nowhere").read_bytes(), 2),
        (lambda: (_ for _ in ()).throw(KeyboardInterrupt), 130),
    ],
    ids=["index", "key", "import", "bad input", "no file", "interrupt"],
)
def test_a_bug_is_a_traceback_and_70_and_bad_input_one_line_and_2_in_every_command(
    monkeypatch, capsys, tmp_path, command, wrong, status
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "show_list", lambda options: wrong())
    monkeypatch.setattr(commands, "run", lambda options: wrong())
    monkeypatch.setattr(
        commands.importlib, "import_module", lambda name: type("module", (), {"main": staticmethod(lambda argv: wrong())})
    )
    assert commands.main(COMMANDS[command]) == status
    told = capsys.readouterr().err
    assert told.startswith("Traceback") if status == 70 else told.count("\n") == (status in (2, 130))
    assert status != 2 or told.startswith("cifar: ")


EVERY = """
import sys; sys.modules[{absent!r}] = None
from cifar import commands
for given in {commands}:
    print(given[0], commands.main(given), file=sys.stderr)
"""


@pytest.mark.parametrize(
    ("absent", "brought"), [(name, commands.BROUGHT[name]) for name in ("torch", "filelock", "jinja2", "rich")]
)
def test_without_a_package_every_command_is_one_line_that_names_what_brings_it_or_does_without(absent, brought):
    """A command that does without it is asked what it cannot do: a line and status 2 as well."""
    given = [[*arguments, "--nonsense"] for arguments in COMMANDS.values()]
    code = EVERY.format(absent=absent, commands=given)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()
    assert said[1::2] == [f"{name} 2" for name in COMMANDS] and done.stdout == ""
    needs = f"cifar: this needs {absent}, which is not installed: pip install {brought}"
    assert needs in said and all(line == needs or "--nonsense" in line or "required" in line for line in said[::2])


def test_a_list_whose_reader_closes_the_pipe_early_is_done():
    command = f"{sys.executable} -m cifar list; echo status $? >&2"
    done = subprocess.run(["sh", "-c", f"({command}) | true"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == "status 0\n"


def test_no_main_but_the_first_turns_errors_into_statuses():
    """One wrapper: a module that answers 2 by itself would hide our bugs again."""
    for path in sorted((ROOT / "cifar").rglob("*.py")):
        assert "return 2\n" not in path.read_text(encoding="utf-8"), path


def process_of(command: str, instead: str) -> subprocess.CompletedProcess[str]:
    """A command as a process of its own whose work is a few words of Python."""
    code = (
        "import ctypes, os, sys, time, types; from cifar import commands\n"
        f"def main(argv):\n    {instead}\n"
        "commands.importlib.import_module = lambda name: types.SimpleNamespace(main=main)\n"
        f"sys.argv = ['cifar', {command!r}]\nsys.exit(commands.main())"
    )
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", commands.COMMANDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_command_with_one_line(command, number):
    done = process_of(command, f"os.kill(os.getpid(), {int(number)}); time.sleep(5)")
    assert (done.returncode, done.stdout, done.stderr) == (128 + number, "", "interrupted\n")


def test_what_libraries_print_is_not_the_result():
    done = process_of("report", "os.write(1, b'banner'); ctypes.CDLL(None).puts(b'banner'); print('the result'); return 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the result\n", "")


def test_a_standard_output_that_is_closed_or_full_is_one_line():
    for redirection in (">&-", "> /dev/full"):
        done = subprocess.run(
            ["sh", "-c", f"{sys.executable} -m cifar list {redirection}"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2 and done.stderr.startswith("cifar: ") and done.stderr.count("\n") == 1


def test_what_cannot_be_seen_in_a_message_is_escaped(monkeypatch, capsys):
    monkeypatch.setattr(commands, "show_list", lambda options: (_ for _ in ()).throw(BadInput("\x1b[31mred\n")))
    assert commands.main(["list"]) == 2
    assert capsys.readouterr().err == "cifar: \\x1b[31mred\n"
