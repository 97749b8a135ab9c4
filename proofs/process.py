"""A command of this package as a process: its exit status, and standard output that carries the result alone.

0 done, also when a reader closes the pipe early | 1 a check failed, or something is not proved |
2 bad input, or an environment that cannot do it, one line | 130, 143 after SIGINT, SIGTERM |
70 a bug of ours, with its traceback
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

DONE, FAILED, BAD_INPUT, BUG = 0, 1, 2, 70
STOPPED = 128  # and the number of the signal


def alone(command: str, work: Callable[[], int]) -> int:
    """Run a command as all that this process does; -> its exit status.   command: its name, for messages

    Until the process ends file number 1 leads nowhere: libraries, and programs started from here, print there what they
    like. What the command prints goes to standard output as it comes; a character that the output lacks is escaped.
    """
    for number in range(3):  # a closed one would be given to the next file that is opened
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # or print(file=None) prints to standard output
    if sys.stdout is None:
        return refused(command, "expected a standard output that takes the result; got a closed one")
    heard: list[int] = []

    def terminated(number, frame):
        heard.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, terminated)
    _heard_in_callbacks()
    printed = open(os.dup(1), "w", encoding=sys.stdout.encoding, errors="backslashreplace")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)
    sys.stdout = printed
    try:
        status = work()
        printed.flush()
        return status
    except BrokenPipeError:
        os.dup2(1, printed.fileno())  # what is still buffered goes nowhere
        return DONE
    except OSError as error:
        os.dup2(1, printed.fileno())
        return refused(command, f"expected a standard output that takes the result; got: {error}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return STOPPED + (heard[0] if heard else signal.SIGINT)
    except SystemExit as end:  # of the parser, which has said why
        return int(end.code or 0)
    except Exception:
        traceback.print_exc()
        return BUG


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


class Parser(argparse.ArgumentParser):
    """argparse's, with one line for what is wrong."""

    def error(self, message: str) -> NoReturn:
        raise SystemExit(refused(self.prog, f"{message}; --help says more"))


def refused(command: str, words: str) -> int:
    """Say in one line why a command cannot be done, what cannot be seen escaped; -> its exit status."""
    line = " ".join(words.split())
    print(f"{command}: {''.join(c if c.isprintable() else ascii(c)[1:-1] for c in line)}", file=sys.stderr)
    return BAD_INPUT
