"""Independent jobs on several processes, or on whatever joblib is configured to use: a Dask or ray cluster.

    from dask.distributed import Client
    from joblib import parallel_config
    client = Client(address)
    with parallel_config(backend="dask"):
        check(instance)                      # its student nodes are certified on the cluster

A lost worker's jobs are run again by the engine; results come back in the order of the jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from joblib import Parallel, delayed
from joblib.parallel import get_active_backend

OWN = ("LokyBackend", "ThreadingBackend", "SequentialBackend")  # what joblib uses by itself, at the top and nested


def configured() -> bool:
    """True if joblib was told to use a backend of its user's choice (`joblib.parallel_config`)."""
    return type(get_active_backend()[0]).__name__ not in OWN


def results(function: Callable, jobs: Sequence[tuple], workers: int) -> Iterator[Any]:
    """function(*job) for every job, in order: on the configured backend, else on `workers` processes, else here."""
    if not jobs:
        return
    if configured():
        engine = Parallel(return_as="list")  # not every engine hands out results one by one
    elif workers > 1 and len(jobs) > 1:
        engine = Parallel(n_jobs=workers, return_as="generator")
    else:
        yield from (function(*job) for job in jobs)
        return
    yield from engine(delayed(function)(*job) for job in jobs)
