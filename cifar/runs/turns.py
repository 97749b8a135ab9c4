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
        self._working: set[int] = set()  # identities of threads
        self._asking = 0

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """This thread works, beside others, and gives way now and then."""
        self._begin()
        try:
            yield
        finally:
            self._end()

    def give_way(self) -> None:
        """Let those that ask be alone, one after the other; at once where nobody asks."""
        if self._asking and threading.get_ident() in self._working:
            self._end()
            self._begin()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread works meanwhile."""
        me = threading.get_ident()
        with self._changed:
            works = me in self._working
            self._asking += 1
            self._working.discard(me)
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._working)
            self._working.add(me)
        try:
            yield
        finally:
            with self._changed:
                self._asking -= 1
                self._working.remove(me)
                self._changed.notify_all()
            if works:
                self._begin()

    def _begin(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: not self._asking)
            self._working.add(threading.get_ident())

    def _end(self) -> None:
        with self._changed:
            self._working.remove(threading.get_ident())
            self._changed.notify_all()
