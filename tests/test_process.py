"""The command line as a process: statuses, and standard output that carries the result alone and loses nothing."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from twolayer import BadInput, process

ROOT = Path(__file__).parents[1]
CORNER = ROOT / "examples" / "instances" / "theorem-2-corner.json"
CHECK = [sys.executable, "-m", "twolayer", "check", str(CORNER)]
PROGRAM = """
import os, sys, time
from twolayer import process
def work():
    {work}
sys.exit(process.alone("twolayer test", work))
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
        ("raise process.BadInput('needs 4\\ngot 3')", 2, "twolayer test: needs 4 got 3\n"),
        ("open('/nowhere/at all')", 2, "twolayer test: [Errno 2] No such file or directory: '/nowhere/at all'\n"),
        ("import sympy.nothing", 2, "twolayer test: this needs sympy, which is not installed: pip install twolayer\n"),
        ("raise KeyboardInterrupt", 130, "interrupted\n"),
        ("os.kill(os.getpid(), 15); time.sleep(5)", 143, "interrupted\n"),
        (IN_CALLBACK.format(number=2), 130, "interrupted\n"),
        (IN_CALLBACK.format(number=15), 143, "interrupted\n"),
        ("raise MemoryError", 2, None),
        ("return {}['key']", 70, None),
        ("raise ValueError('a bug of ours')", 70, None),
        ("import twolayer.nothing", 70, None),
        ("raise process.BadInput('\\x1b[31mred')", 2, "twolayer test: \\x1b[31mred\n"),
    ],
)
def test_a_command_ends_with_the_status_that_says_why(work, status, said):
    done = program(work)
    assert done.returncode == status
    assert done.stderr.startswith("Traceback") if status == 70 else done.stderr.count("\n") == (status not in (0, 1))
    assert said is None or done.stderr == said


def test_what_libraries_print_is_not_the_result_whatever_they_print_it_with():
    done = program(
        "os.write(1, b'banner'); os.system('echo shell'); import ctypes; ctypes.CDLL(None).puts(b'buffered in C'); "
        "import joblib; list(joblib.Parallel(2)(joblib.delayed(os.system)('echo worker') for _ in range(2))); "
        "print('the result'); return 0"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the result\n", "")


def test_what_an_interrupt_leaves_to_be_cleared_away_is_not_reported():
    """A semaphore that nobody has unregistered when the command ends, as where Ctrl-C falls into its end."""
    leak = "from joblib.externals.loky.backend import resource_tracker as t; t.ensure_running(); t.register('/none', 'semlock')"
    done = program(f"{leak}; return 0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("command", [["check", str(CORNER)], ["certify", str(CORNER), "-o", "-"]])
def test_json_is_one_text_with_a_format(command):
    done = ran([sys.executable, "-m", "twolayer", *command, *(["--json"] if command[0] == "check" else [])])
    assert done.returncode == 0 and json.loads(done.stdout)["format"] and done.stderr == ""


def test_a_reader_that_closes_the_pipe_early_is_no_failure():
    done = ran(["sh", "-c", f"({' '.join(CHECK)} --json; echo status $? >&2) | head -c 1"])
    assert (done.stdout, done.stderr) == ("{", "status 0\n")
    done = ran(["sh", "-c", f"({sys.executable} -m twolayer --help; echo status $? >&2) | true"])
    assert done.stderr == "status 0\n"


def test_a_full_standard_output_loses_nothing(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*CHECK, "--json"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "No space left on device" in done.stderr
    (kept,) = tmp_path.iterdir()
    assert str(kept) in done.stderr and json.loads(kept.read_text())["verdicts"]


def test_closed_streams_are_said_or_not_missed():
    closed = ran(["sh", "-c", f"{' '.join(CHECK)} >&-"])
    assert closed.returncode == 2 and "standard output" in closed.stderr and closed.stderr.count("\n") == 1
    assert ran(["sh", "-c", f"{' '.join(CHECK)} --json 2>&- | wc -l"]).stdout.strip() == "1"
    no_input = ran(["sh", "-c", f"{sys.executable} -m twolayer check - <&-"])
    assert no_input.returncode == 2 and no_input.stderr.count("\n") == 1


def test_a_terminal_of_ascii_gets_every_number(tmp_path):
    named = tmp_path / "named.json"
    named.write_text(CORNER.read_text().replace("observer sees", "größe \\u001b[31m sees"), encoding="utf-8")
    done = ran([*CHECK[:-1], str(named)], env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0 and "gr\\xf6\\xdfe \\x1b[31m sees" in done.stdout and done.stdout.isascii()


def test_a_backend_that_matplotlib_does_not_know_is_not_asked(tmp_path):
    done = ran([*CHECK[:-2], "plot", str(tmp_path)], env={**os.environ, "MPLBACKEND": "nonsense"})
    assert done.returncode == 2 and "sweep's table" in done.stderr and done.stderr.count("\n") == 1


def test_a_result_that_cannot_be_written_is_put_aside_or_printed(tmp_path, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(process, "written", full)
    monkeypatch.setattr(process.tempfile, "tempdir", str(tmp_path))
    with pytest.raises(BadInput, match="No space left on device; the result is in ") as told:
        process.delivered("/somewhere/file", b"the result")
    assert Path(str(told.value).rpartition(" ")[2]).read_bytes() == b"the result"
    monkeypatch.setattr(process.tempfile, "tempdir", str(tmp_path / "absent"))
    with pytest.raises(BadInput, match="the result is printed instead"):
        process.delivered("/somewhere/file", b"the result")
    assert capsys.readouterr().out == "the result"


@pytest.mark.parametrize(
    "options",
    [
        ["verify", "--seed", "-1"],
        ["verify", "--workers", "0"],
        ["verify", "--report", "-"],
        ["verify", "--report", str(CORNER)],
        ["sweep", str(CORNER), "-o", "", "--workers", "1"],
        ["certify", str(CORNER), "-o", "folder/"],
        ["certify", str(CORNER), "-o", ""],
        ["hunt", "theorem-1", "-o", "/proc/nothing", "--seconds", "100"],
        ["hunt", "theorem-1", "-o", "-", "--json"],
    ],
)
def test_an_option_that_cannot_be_is_refused_before_the_work(options, tmp_path):
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "twolayer", *options],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_leaves_one_line(number, tmp_path):
    grid = tmp_path / "grid.json"
    grid.write_text('{"format": "twolayer-sweep/1", "rank": 2, "ambient": 3, "teacher": 2, "seeds": 500}')
    command = [sys.executable, "-m", "twolayer", "sweep", str(grid), "-o", str(tmp_path / "out"), "--workers", "2"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    )
    while not list((tmp_path / "out" / "cells").glob("*.json")) and process.poll() is None:
        time.sleep(0.05)
    if number == signal.SIGINT:  # as a terminal sends it: to the workers too
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, error = process.communicate(timeout=60)
    said = [line for line in error.splitlines() if not line.startswith("compiling the inner loops")]  # of a first run
    assert (process.returncode, out, said) == (128 + number, "", ["interrupted"])


def test_a_signal_while_nobody_reads_the_result_leaves_one_line():
    work = "print('x' * 10**6); sys.stderr.write('printed\\n'); sys.stderr.flush(); return 0"
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM.format(work=work)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert process.stderr is not None and process.stderr.readline() == "printed\n"
        time.sleep(0.5)
        process.send_signal(number)
        assert process.wait(timeout=60) == 128 + number and process.stderr.read() == "interrupted\n"


def test_a_terminal_of_80_columns_gets_no_wrapped_number():
    main, side = pty.openpty()
    done = subprocess.Popen(CHECK, stdout=side, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, cwd=ROOT)
    os.close(side)
    shown = b""
    while True:
        try:
            part = os.read(main, 1 << 16)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert done.wait() == 0
    assert b"printed   j=0 k=0  fails" in shown and b"0.119" in shown and b"sup |g_1| in [9.999e-3, 1.001e-2]" in shown


def test_a_bug_in_a_process_of_another_program_leaves_its_output_alone(capsys):
    assert process.ended("twolayer test", lambda: print("x") or 0) == 0
    assert capsys.readouterr().out == "x\n"
    with pytest.raises(BadInput):
        raise process.BadInput("the same class everywhere")


@pytest.mark.parametrize("module", [wing for wing in ("proofs", "twolayer", "cifar") if (ROOT / wing).is_dir()])
def test_ctrl_c_while_modules_are_loaded_leaves_one_line(module, tmp_path):
    """A module that is loaded first thing and takes long: a Ctrl-C falls into it."""
    slow = "import sys, time; print('loading', file=sys.stderr, flush=True); time.sleep(20)"
    (tmp_path / "argparse.py").write_text(slow)
    command = [sys.executable, "-m", module, "--help"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=environment)
    assert process.stderr is not None and process.stderr.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    assert (process.wait(timeout=10), process.stderr.read()) == (130, "interrupted\n")
