"""A command line as a process: its exit status, standard output that carries the result alone, and no result that is lost.

0 done, also when a reader closes the pipe early | 1 the answer is no: a repaired or sharp statement fails |
2 bad input, or an environment that cannot do it, one line | 3 stopped by --time-limit with work left |
130, 143 after SIGINT, SIGTERM | 70 a bug of ours, with its traceback
"""

from __future__ import annotations

import argparse
import io
import os
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Mapping
from typing import NoReturn, TextIO

from .files import STANDARD_OUTPUT, BadInput, reason, shown, written

DONE, NO, REFUSED, STOPPED, BUG = 0, 1, 2, 3, 70
LIBRARIES = dict.fromkeys(
    "numpy scipy highspy flint joblib numba rich matplotlib sympy".split(), "twolayer"
)  # what brings each


class _Result(io.StringIO):
    """What a command prints, kept until its end, so that a standard output that takes nothing loses nothing."""

    def __init__(self, output: TextIO, number: int) -> None:
        super().__init__(newline="\n")
        self._output, self._number = output, number

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._output.encoding

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def fileno(self) -> int:
        return self._number

    def content(self) -> bytes:
        """The text in the output's encoding; a character that it lacks is escaped."""
        return self.getvalue().encode(self.encoding, "backslashreplace")


def alone(command: str, work: Callable[[], int], libraries: Mapping[str, str] = LIBRARIES) -> int:
    """Run a command as all that this process does; -> its exit status.   command: its name, for messages

    libraries: what may not be there, and what to install then.

    Until the process ends file number 1 leads nowhere: libraries print there what they like, in processes started from
    here too. What the command prints is written to standard output when it ends, by whatever way it ends.
    """
    for number in range(3):  # a closed one would be given to the next file that is opened
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # or print(file=None) prints to standard output
    if sys.stdout is None:
        return _refused(command, "standard output needs to be open; got a closed one")
    os.environ["MPLBACKEND"] = "agg"  # figures go to files; matplotlib does not start with a backend that it does not know
    warnings.filterwarnings("ignore", ".*still being processed by the workers", UserWarning)  # joblib's, of what Ctrl-C left
    quiet = "ignore:resource_tracker:UserWarning"  # the same of its process that clears away what Ctrl-C left
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (os.environ.get("PYTHONWARNINGS"), quiet)))
    heard: list[int] = []

    def terminated(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminated)
    _heard_in_callbacks()
    printed = _Result(sys.stdout, os.dup(1))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout = printed
    status = ended(command, work, libraries)
    if status == 128 + signal.SIGINT and heard:
        status = 128 + heard[0]
    try:
        with open(printed.fileno(), "wb", buffering=0) as output:
            left = memoryview(printed.content())
            while left:
                left = left[output.write(left) :]
    except BrokenPipeError:
        pass
    except KeyboardInterrupt:  # nobody reads, and nobody wants to wait any longer
        print("interrupted", file=sys.stderr)
        return 128 + (heard[0] if heard else signal.SIGINT)
    except OSError as error:
        place = put_aside(printed.content())
        if place is None:
            sys.stderr.write(printed.getvalue())
        where = "above" if place is None else f"in {place}"
        said = _refused(command, f"standard output needs to take the result; got {reason(error)}; the result is {where}")
        status = status or said
    return status


def _heard_in_callbacks() -> None:
    """An interrupt that falls into a callback, where Python reports an exception and drops it, comes again a moment later."""

    if not hasattr(signal, "setitimer"):
        return

    def dropped(report: sys.UnraisableHookArgs) -> None:
        if issubclass(report.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, 0.01)
        else:
            sys.__unraisablehook__(report)

    signal.signal(signal.SIGALRM, signal.default_int_handler)
    sys.unraisablehook = dropped


def ended(command: str, work: Callable[[], int], libraries: Mapping[str, str] = LIBRARIES) -> int:
    """Run a command; -> its exit status. What is wrong with its input goes to standard error in one line."""
    try:
        return work()
    except BrokenPipeError:
        return DONE
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 128 + signal.SIGINT
    except SystemExit as end:  # of the parser, which has said why
        return int(end.code or 0)
    except (BadInput, OSError) as error:
        return _refused(command, str(error))
    except MemoryError:
        return _refused(command, "this needs more memory than there is; make it smaller, or do less at a time")
    except ModuleNotFoundError as error:
        absent = (error.name or "").partition(".")[0]
        if absent not in libraries:
            traceback.print_exc()
            return BUG
        return _refused(command, f"this needs {absent}, which is not installed: pip install {libraries[absent]}")
    except Exception:
        traceback.print_exc()
        return BUG


def delivered(path: str, content: bytes) -> None:
    """Write a command's result, to standard output for "-". Where that fails it is put aside: BadInput says where."""
    try:
        if path in STANDARD_OUTPUT:
            sys.stdout.write(content.decode())
        else:
            written(path, content)
    except OSError as error:
        place = put_aside(content)
        if place is None:
            sys.stdout.write(content.decode())
        where = "printed instead" if place is None else f"in {place}"
        raise BadInput(f"{path} needs to be a writable file; got {reason(error)}; the result is {where}") from None


def put_aside(content: bytes) -> str | None:
    """Write a result that found no place into the folder of temporary files.   -> its path; None where that fails too"""
    try:
        number, place = tempfile.mkstemp(prefix="twolayer-", suffix=".result")
        with os.fdopen(number, "wb") as file:
            file.write(content)
    except OSError:
        return None
    return place


class Parser(argparse.ArgumentParser):
    """argparse's, with one line for what is wrong. An empty argument is refused: as a path it would be the current folder."""

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[override]
        if "" in (sys.argv[1:] if args is None else args):
            self.error("an argument needs to be something; got an empty one (a shell's variable without a value?)")
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        raise SystemExit(_refused(self.prog, f"{message}; --help says more"))


def _refused(command: str, words: str) -> int:
    print(f"{command}: {shown(' '.join(words.split()), len(words))}", file=sys.stderr)
    return REFUSED
