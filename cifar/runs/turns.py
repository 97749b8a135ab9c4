"""Workers side by side, except while one of them must be alone.

A CUDA graph is captured alone: only one capture may be under way in a process, and no other work of it meanwhile; a thread
that waits for the whole device, as every capture does first, breaks a capture of another. (PyTorch's notes on CUDA
graphs.) Replays, and all other work, need no turns. On a CPU nobody asks to be alone.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator


class Turns:
    """Threads work together; one that asks to be alone waits until all others give way or end."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._working = self._asking = 0
        self._alone = False
        self._mine = threading.local()

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """This thread works, beside others, and gives way now and then."""
        self._begin()
        self._mine.works = True
        try:
            yield
        finally:
            self._mine.works = False
            self._end()

    def give_way(self) -> None:
        """Let those that ask be alone, one after the other; at once where nobody asks."""
        if self._asking and self._works():
            self._end()
            self._begin()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread works meanwhile."""
        with self._changed:
            self._asking += 1
            self._working -= self._works()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._working and not self._alone)
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._asking -= 1
                self._changed.notify_all()
            if self._works():
                self._begin()

    def _works(self) -> bool:
        return getattr(self._mine, "works", False)

    def _begin(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._asking)
            self._working += 1

    def _end(self) -> None:
        with self._changed:
            self._working -= 1
            self._changed.notify_all()
