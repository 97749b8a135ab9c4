"""What a command of cifar ends with: bad input is one line, a bug of ours a traceback, and neither looks like the other.

0 done, also when a reader closes the pipe early | 1 the answer is no: runs diverged, what is kept disagrees |
2 bad input, or an environment that cannot do it, one line | 3 stopped by --time-limit with work left |
130, 143 after SIGINT, SIGTERM, with everything saved | 70 a bug of ours, with its traceback
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable

from twolayer.files import BadInput, shown

DONE, NO, REFUSED, STOPPED, BUG, INTERRUPTED = 0, 1, 2, 3, 70, 130
EXTRA = ("torch", "numpy", "matplotlib", "rich", "filelock", "jinja2")  # packages that the extra brings


def ended(command: Callable[[], int]) -> int:
    """Run a command.   -> its exit status; what is wrong with its input goes to standard error in one line"""
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # or print(file=None) prints to standard output
    if sys.stdout is None:
        return _refused("standard output needs to be open; got a closed one")
    try:
        status = command()
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python complains when it flushes at its end
        return DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except (BadInput, OSError) as error:
        return _refused(str(error))
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in EXTRA:
            traceback.print_exc()
            return BUG
        return _refused(f"this needs {error.name.partition('.')[0]}, which is not installed: pip install -e '.[cifar]'")
    except Exception:
        traceback.print_exc()
        return BUG


def _refused(words: str) -> int:
    line = " ".join(words.split())
    print(f"cifar: {shown(line, len(line))}", file=sys.stderr)
    return REFUSED
