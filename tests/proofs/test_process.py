"""`python -m proofs` as a process: its statuses, and standard output that carries the result alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, signal, sys, time
from proofs.process import alone
def work():
    {work}
sys.exit(alone("python -m proofs", work))
"""


IN_CALLBACK = "import weakref; x = {{1}}; y = weakref.ref(x, lambda _: os.kill(os.getpid(), {number})); del x; time.sleep(5)"


def ran(command, **options):
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False, **options)


def program(work: str, **options):
    """A process whose command is a few lines of Python."""
    return ran([sys.executable, "-c", PROGRAM.format(work=work)], **options)


@pytest.mark.parametrize(
    ("work", "status", "said"),
    [
        ("print('x'); return 0", 0, ""),
        ("return 1", 1, ""),
        ("open('/nowhere')", 2, None),
        ("raise KeyboardInterrupt", 130, "interrupted\n"),
        ("os.kill(os.getpid(), signal.SIGINT); time.sleep(5)", 130, "interrupted\n"),
        ("os.kill(os.getpid(), signal.SIGTERM); time.sleep(5)", 143, "interrupted\n"),
        (IN_CALLBACK.format(number=2), 130, "interrupted\n"),
        (IN_CALLBACK.format(number=15), 143, "interrupted\n"),
        ("raise SystemExit(2)", 2, ""),
        ("return 1 // 0", 70, None),
    ],
)
def test_a_command_ends_with_the_status_that_says_why(work, status, said):
    done = program(work)
    assert done.returncode == status and (said is None or done.stderr == said)
    assert done.stderr.startswith("Traceback") == (status == 70)


def test_what_libraries_and_programs_print_is_not_the_result():
    done = program("os.write(1, b'banner'); os.system('echo shell'); print('the result'); return 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "the result\n", "")


def test_json_is_one_text_whatever_a_library_prints():
    loud = "import os, sys; from proofs import commands, __main__ as entry; known = commands.entries\n"
    loud += "def entries():\n    os.write(1, b'banner'); return known()[:2]\n"
    loud += "commands.entries = entries; sys.argv = ['proofs', '--json']; sys.exit(entry.main())"
    done = ran([sys.executable, "-c", loud])
    assert done.returncode == 0 and len(json.loads(done.stdout)["rows"]) == 2


def test_an_output_that_takes_nothing_is_said_and_a_closed_pipe_is_no_failure():
    show = f"{sys.executable} -m proofs show bang"
    for redirection in (">/dev/full", ">&-"):
        done = ran(["sh", "-c", f"{show} {redirection}"])
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and "standard output" in done.stderr
    done = ran(["sh", "-c", f"({show}; echo status $? >&2) | true"])
    assert done.stderr == "status 0\n"


def test_an_output_of_ascii_gets_what_it_lacks_escaped():
    done = program("print('\\u2264'); return 0", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "\\u2264\n", "")


@pytest.mark.parametrize("arguments", [["--bogus"], ["show"], ["show", "no\x1b[31m"], ["check"], ["check", "/nowhere"]])
def test_a_command_that_cannot_be_is_one_line_and_status_2(arguments):
    done = ran([sys.executable, "-m", "proofs", *arguments])
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1) and "\x1b" not in done.stderr


def test_a_certificate_is_read_from_standard_input_too():
    done = ran([sys.executable, "-m", "proofs", "check", "-"], input="{}")
    assert (done.returncode, done.stderr[:10]) == (1, "not proved")
    assert ran([sys.executable, "-m", "proofs", "check", "--help"]).stdout.startswith("usage: ")
