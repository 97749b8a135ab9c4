"""Independent jobs on several processes, or on whatever joblib is configured to use: a Dask or ray cluster.

    from dask.distributed import Client
    from joblib import parallel_config
    client = Client(address)
    with parallel_config(backend="dask"):
        check(instance)                      # its student nodes are certified on the cluster

A cluster runs a lost worker's jobs again; so does this module, once, where a process of this machine was killed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import Any

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import BrokenProcessPool
from joblib.parallel import get_active_backend

from .files import BadInput


class LostWorker(BadInput):
    """A process that works for this one was killed from outside, twice."""


OWN = ("LokyBackend", "ThreadingBackend", "SequentialBackend")  # what joblib uses by itself, at the top and nested


def configured() -> bool:
    """True if joblib was told to use a backend of its user's choice (`joblib.parallel_config`)."""
    return type(get_active_backend()[0]).__name__ not in OWN


def results(function: Callable, jobs: Sequence[tuple], workers: int) -> Iterator[Any]:
    """function(*job) for every job, in order: on the configured backend, else on `workers` processes, else here.

    LostWorker where a process that works here was killed, and another one at the same jobs again.
    """
    return (result for _, result in _placed(function, jobs, workers, "generator"))


def finished(function: Callable, jobs: Sequence[tuple], workers: int) -> Iterator[tuple[int, Any]]:
    """(place of a job, its result) as jobs are finished, where processes of this machine share them; else as `results`."""
    return _placed(function, jobs, workers, "generator_unordered")


def _placed(function: Callable, jobs: Sequence[tuple], workers: int, order: str) -> Iterator[tuple[int, Any]]:
    if not jobs:
        return
    if configured():  # not every engine has generators
        yield from enumerate(Parallel(return_as="list")(delayed(function)(*job) for job in jobs))
    elif workers > 1 and len(jobs) > 1:
        yield from _shared(function, jobs, workers, order)
    else:
        yield from ((place, function(*job)) for place, job in enumerate(jobs))


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Processes begun here never hear Ctrl-C, which a terminal sends to them too: it is for this one to end them.

    One that comes meanwhile is heard here afterwards.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # which joblib begins otherwise, and which ends by letting interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _shared(function: Callable, jobs: Sequence[tuple], workers: int, order: str) -> Iterator[tuple[int, Any]]:
    """On processes of this machine; the jobs that are left when one is killed are begun again, once."""
    left = dict(enumerate(jobs))
    for again in (False, True):
        try:
            with _deaf_to_interrupts():  # the call begins the processes
                engine = Parallel(n_jobs=workers, return_as=order)(
                    delayed(_with_place)(place, function, job) for place, job in list(left.items())
                )
            for place, result in engine:
                del left[place]
                yield place, result
            return
        except BrokenProcessPool:
            if again:
                raise LostWorker(
                    f"a worker process was killed twice, with {len(left)} of {len(jobs)} jobs left: "
                    "is there enough memory? --workers 1 needs less"
                ) from None


def _with_place(place: int, function: Callable, job: tuple) -> tuple[int, Any]:
    return place, function(*job)
