"""The benchmark: python -m tests.benchmarks.run [--seconds S] [--only WORD ...] [-o DIR] [--full] [--fresh].

Every measurement is a process, and its result a file in DIR that is written atomically: a run that was interrupted, or
that had spent its seconds, goes on where it was when it is started again. Table and figures are written at the end,
and anew at every later run, from what is there. Peers that are not installed are skipped by name.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import figures, plan, tables
from .job import Spec, skipped
from .peers import gurobi, highs, scip

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 2400.0  # the default plan takes some 2,100 on two idle cores
GRACE = 45.0  # seconds beyond its limits after which a solver is ended
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")  # of BLAS: solvers get theirs by option
PACKAGES = (
    "numpy",
    "scipy",
    "highspy",
    "python-flint",
    "numba",
    "joblib",
    "gurobipy",
    "pyscipopt",
    "auto-LiRPA",
    "polytope",
    "pypoman",
)


def environment() -> dict:
    """Hardware and versions."""
    model = platform.processor()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
        kilobytes = next(int(x.split()[1]) for x in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines())
        memory = f"{kilobytes / 2**20:.0f} GiB"
    except (OSError, StopIteration):
        memory = "unknown"
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "memory": memory,
        "system": platform.system(),
        "python": platform.python_version(),
        "packages": versions,
        "solvers": {"HiGHS": highs.version(), "SCIP": scip.version(), "Gurobi": gurobi.version()},
    }


def sources() -> str:
    """A digest of what is measured: rows of other sources are marked in the table."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    measuring = [here / f"{name}.py" for name in ("instances", "ours", "radii", "job")]
    for path in sorted([*(ROOT / "twolayer").rglob("*.py"), *(here / "peers").rglob("*.py"), *measuring]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def write(path: Path, text: str) -> None:
    """Atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text, encoding="utf-8")
    os.replace(temporary, path)


def run(spec: Spec) -> dict:
    """One measurement in a process of its own, ended if it far exceeds its limits."""
    most = spec.limit * max(len(spec.cells), 1) * (3 if spec.kind == "all" else 1) + GRACE
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.job"],
        cwd=ROOT,
        text=True,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **dict.fromkeys(ONE_THREAD, "1")},
    )
    try:
        out, err = process.communicate(spec.as_json(), timeout=most)
    except subprocess.TimeoutExpired:
        return {"status": f"ended after {most:.0f} s: it did not keep its limit", "limit": spec.limit}
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode != 0:
        return {"status": "failed: " + (err.strip().splitlines() or ["no message"])[-1][:200], "limit": spec.limit}
    return json.loads(out.strip().splitlines()[-1])


def load(directory: Path) -> dict[str, dict]:
    """The results that are there, by name; what failed or was skipped is tried again."""
    by_name = {}
    for path in sorted((directory / "measured").glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        if result["status"] != "skipped" and not result["status"].startswith("failed"):
            by_name[result["name"]] = result
    return by_name


def line(spec: Spec, result: dict) -> str:
    """What happened, in a line."""
    label = f"{spec.kind} {' '.join(spec.options.get('label') or [c.name for c in spec.cells])}"
    label += f" student {spec.student}" if spec.kind == "single" else ""
    told = f"{result['seconds']:.3g} s" if "seconds" in result else ""
    told += f" gap {result['gap']:.1e}" if "gap" in result else ""
    told += f" ({result['reason']})" if "reason" in result else ""
    return f"{label:42s} {spec.solver:34s} {result['status']:8s} {told}"


def main(arguments: list[str] | None = None) -> int:
    """Measures, then writes table.csv, table.md and figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.run", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds",
        type=float,
        default=SECONDS,
        help="after which no measurement begins; start again to go on (default %(default)g)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        default=[],
        metavar="WORD",
        help="measurements whose name has one of these words: all, radii, curve, Gurobi, _32__16_ ...",
    )
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "out" / "bench", metavar="DIR")
    parser.add_argument(
        "--full",
        action="store_true",
        help="120 s for everybody everywhere, the slow peers on more students (an hour and a half)",
    )
    parser.add_argument("--fresh", action="store_true", help="forget what DIR holds")
    options = parser.parse_args(arguments)
    if options.fresh:
        shutil.rmtree(options.output / "measured", ignore_errors=True)
    here, digest = environment(), sources()
    stored = options.output / "environment.json"
    results = load(options.output)
    if results and stored.exists() and json.loads(stored.read_text(encoding="utf-8")) != here:
        print(
            f"error: {options.output} holds measurements from another machine or other versions; "
            "choose another -o, or forget them with --fresh",
            file=sys.stderr,
        )
        return 2
    write(stored, json.dumps(here, indent=1))
    jobs = [job for job in plan.plan(options.full) if not options.only or any(word in job.name for word in options.only)]
    end, left_out = time.monotonic() + options.seconds, 0
    for number, job in enumerate(jobs):
        if job.name in results or not plan.worth(job, results):
            continue
        if time.monotonic() > end:
            left_out += 1
            continue
        why = plan.known_missing(job)
        result = skipped(why) if why else run(job)
        results[job.name] = {
            "name": job.name,
            "kind": job.kind,
            "solver": job.solver,
            "student": job.student,
            "cell": job.options.get("label", [c.name for c in job.cells])[0] if job.cells else "",
            "options": job.options,
            "sources": digest,
            **result,
        }
        write(options.output / "measured" / f"{job.name}.json", json.dumps(results[job.name]))
        print(f"[{number + 1}/{len(jobs)}] {line(job, result)}", flush=True)
    tables.write_all(results, here, options.output)
    figures.write_all(results, options.output)
    print((options.output / "table.md").read_text(encoding="utf-8"))
    if left_out:
        print(f"{left_out} measurements did not fit into {options.seconds:.0f} s: start again to go on")
    return 0


if __name__ == "__main__":
    sys.exit(main())
