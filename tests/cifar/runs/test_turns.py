"""Workers side by side, except while one of them is alone; where something must happen, its order is forced."""

from __future__ import annotations

import threading

from cifar.runs.world import Turns

PATIENCE = 30  # seconds until a thread that must come is given up
TEMPTATION = 0.05  # seconds in which one that must not come could


class Worker(threading.Thread):
    """Works until told to end, gives way whenever it is asked to look, and notes what it does."""

    def __init__(self, turns: Turns, log: list[str], name: str) -> None:
        super().__init__(daemon=True, name=name)
        self.turns, self.log = turns, log
        self.begun, self.look, self.looked, self.done = (threading.Event() for _ in range(4))
        self.error: Exception | None = None

    def run(self) -> None:
        with self.turns.work():
            self.begun.set()
            assert self.look.wait(PATIENCE)
            self.turns.give_way()
            self.log.append(f"{self.name} goes on")
            self.looked.set()
            assert self.done.wait(PATIENCE)
        self.log.append(f"{self.name} ends")

    def starts(self) -> Worker:
        self.start()
        assert self.begun.wait(PATIENCE)
        return self


def asks(turns: Turns, log: list[str], name: str, *, works: bool = True) -> tuple[threading.Thread, threading.Event]:
    """A thread that asks to be alone, and the event that ends its being alone."""
    end, asking = threading.Event(), threading.Event()

    def alone() -> None:
        asking.set()
        with turns.alone():
            log.append(f"{name} is alone")
            assert end.wait(PATIENCE)
            log.append(f"{name} is done")

    def body() -> None:
        if works:
            with turns.work():
                alone()
        else:
            alone()

    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    assert asking.wait(PATIENCE)
    return thread, end


def until(condition) -> None:
    """Wait for what another thread is about to do."""
    pause = threading.Event()
    for _ in range(PATIENCE * 1000):
        if condition():
            return
        pause.wait(0.001)
    raise AssertionError("it never came")


def test_one_that_asks_is_alone_once_the_others_have_given_way_and_they_go_on_after_it():
    turns, log = Turns(), []
    other = Worker(turns, log, "other").starts()
    thread, end = asks(turns, log, "one")
    until(lambda: turns._asking == 1)
    assert log == []
    other.look.set()
    until(lambda: log == ["one is alone"])
    assert not other.looked.is_set()
    end.set()
    assert other.looked.wait(PATIENCE)
    other.done.set()
    other.join(PATIENCE)
    thread.join(PATIENCE)
    assert log == ["one is alone", "one is done", "other goes on", "other ends"] and not turns._working


def test_one_that_asks_is_alone_once_the_others_have_ended():
    turns, log = Turns(), []
    other = Worker(turns, log, "other").starts()
    other.look.set()
    assert other.looked.wait(PATIENCE)
    thread, end = asks(turns, log, "one", works=False)
    other.done.set()
    until(lambda: "one is alone" in log)
    end.set()
    thread.join(PATIENCE)
    other.join(PATIENCE)
    assert not turns._working and turns._asking == 0


def test_two_that_work_and_ask_are_alone_one_after_the_other():
    turns, log, both = Turns(), [], threading.Barrier(2)

    def body(name: str) -> None:
        with turns.work():
            both.wait(PATIENCE)
            with turns.alone():
                log.append(f"{name} is alone")
                until(lambda: turns._asking == 2 or len(log) == 3)
                threading.Event().wait(TEMPTATION)
                log.append(f"{name} is done")

    threads = [threading.Thread(target=body, args=(name,), daemon=True) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    names = [log[0].partition(" ")[0], log[2].partition(" ")[0]]
    assert log == [f"{name} is {what}" for name in names for what in ("alone", "done")] and set(names) == {"first", "second"}
    assert not turns._working and turns._asking == 0


def test_nobody_begins_while_one_is_alone():
    turns, log = Turns(), []
    thread, end = asks(turns, log, "one")
    until(lambda: log == ["one is alone"])
    late = Worker(turns, log, "late")
    late.start()
    assert not late.begun.wait(TEMPTATION)
    end.set()
    assert late.begun.wait(PATIENCE)
    late.look.set()
    late.done.set()
    late.join(PATIENCE)
    thread.join(PATIENCE)
    assert log == ["one is alone", "one is done", "late goes on", "late ends"]


def test_one_who_does_not_work_has_no_way_to_give():
    turns, log = Turns(), []
    thread, end = asks(turns, log, "one", works=False)
    until(lambda: log == ["one is alone"])
    turns.give_way()
    assert threading.get_ident() not in turns._working
    end.set()
    thread.join(PATIENCE)
    assert log == ["one is alone", "one is done"]


def test_where_nobody_asks_nobody_waits_and_a_failure_leaves_the_turn_free():
    turns = Turns()
    with turns.work():
        turns.give_way()
        try:
            with turns.alone():
                raise KeyError
        except KeyError:
            pass
        turns.give_way()
    assert not turns._working and turns._asking == 0
    with turns.alone():
        assert turns._working == {threading.get_ident()}
