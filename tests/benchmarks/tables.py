"""The side-by-side table, the agreement of all answers, and the aims: from the stored results to CSV and Markdown."""

from __future__ import annotations

import csv
import io
import statistics
from collections.abc import Iterator
from pathlib import Path

from . import plan, radii
from .instances import CELLS, cube, patches

ULPS = 1e-9  # relative: peers print floats
WORTHLESS = 0.1  # share of the supremum that a solver's tolerances may make up
ROWS = (plan.OURS, *plan.QUICK[1:], *plan.OTHERS)
FIELDS = (
    "kind",
    "cell",
    "solver",
    "student",
    "status",
    "seconds",
    "runs",
    "threads",
    "limit",
    "gap",
    "method",
    "lower",
    "upper",
    "value",
    "bound",
    "tolerance",
    "off",
    "mb_before",
    "mb_peak",
    "mb_largest_worker",
    "load",
    "sources",
    "reason",
)


def singles(results: dict[str, dict], cell: str, solver: str) -> dict[int, dict]:
    """The measurements of one cell by one solver, by student."""
    return {r["student"]: r for r in results.values() if r["kind"] == "single" and r["cell"] == cell and r["solver"] == solver}


def off(theirs: dict, ours: dict) -> float:
    """By how much a peer's value lies above our upper bound, or its bound below our lower one; 0 if neither."""
    return max(0.0, theirs["value"] - ours["upper"], ours["lower"] - theirs["bound"])


def ratio(mine: dict[int, dict], theirs: dict[int, dict]) -> tuple[float, bool] | None:
    """(median over common students of their seconds by ours, True if it is only a lower bound)."""
    common = [k for k in mine if k in theirs and "seconds" in theirs[k] and "seconds" in mine[k]]
    if not common:
        return None
    open_ = any(theirs[k]["status"] != "solved" for k in common)
    return statistics.median(theirs[k]["seconds"] / mine[k]["seconds"] for k in common), open_


def cell_text(results: dict[str, dict], cell: str, solver: str) -> str:
    """What the table says about a solver on a cell."""
    theirs, mine = singles(results, cell, solver), singles(results, cell, plan.OURS)
    if not theirs:
        return "-"
    if all(r["status"] == "skipped" for r in theirs.values()):
        return "not installed"
    timed = [r for r in theirs.values() if "seconds" in r]
    if not timed:
        return next(iter(theirs.values()))["status"][:40]
    text = f"{statistics.median(r['seconds'] for r in timed):.3g} s"
    short = [r for r in timed if r["status"] not in ("solved", "noise")]
    if short:
        text = f"gap {100 * max(r['gap'] for r in short):.3g} % at {short[0]['seconds']:.3g} s"
    if solver != plan.OURS and (share := ratio(mine, theirs)):
        text += f" ({'>' if share[1] else ''}{share[0]:.3g}x)"
    return text


def side_by_side(results: dict[str, dict]) -> str:
    """Seconds for one student, both signs."""
    names = [cell.name for cell in CELLS]
    lines = ["| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for solver in ROWS:
        lines.append(f"| {solver} | " + " | ".join(cell_text(results, name, solver) for name in names) + " |")
    memory = []
    for name in names:
        peak = [r["mb_peak"] for r in singles(results, name, plan.OURS).values() if "mb_peak" in r]
        memory.append(f"{max(peak):.0f} MB" if peak else "-")
    limits = [limits_text([r for r in results.values() if r["kind"] == "single" and r["cell"] == name]) for name in names]
    return "\n".join(
        [*lines, "| limits, s | " + " | ".join(limits) + " |", "| peak memory of ours | " + " | ".join(memory) + " |"]
    )


def limits_text(rows: list[dict]) -> str:
    """Seconds that the solvers with cuts, and the others, were given for a student."""
    out = []
    for group in (plan.QUICK, plan.OTHERS):
        limits = {r["limit"] for r in rows if r["solver"] in group and "limit" in r}
        out.append("-" if not limits else f"{min(limits):.0f}" if len(limits) == 1 else f"{min(limits):.0f}-{max(limits):.0f}")
    return " / ".join(out)


def compared(results: dict[str, dict]) -> Iterator[tuple[str, str, dict, dict]]:
    """(problem, peer, its answer, ours) wherever both are there: single students, and the points of the curves."""
    for cell in CELLS:
        for solver in ROWS[1:]:
            for k, theirs in singles(results, cell.name, solver).items():
                ours = singles(results, cell.name, plan.OURS).get(k)
                if ours is not None and "value" in theirs and "lower" in ours:
                    yield f"{cell.name} student {k}", solver, theirs, ours
    curves = [r for r in results.values() if r["kind"] == "curve" and "rows" in r]
    mine = {(r["cell"], point["cell"]): point for r in curves if r["solver"] == plan.OURS for point in r["rows"]}
    for r in curves:
        for theirs in r["rows"]:
            ours = mine.get((r["cell"], theirs["cell"]))
            if r["solver"] != plan.OURS and ours is not None and "value" in theirs:
                yield f"{theirs['cell']} (curve over {r['cell']})", r["solver"], theirs, ours


def disagreements(results: dict[str, dict]) -> Iterator[str]:
    """A line for each peer's answer that our enclosure excludes, or that its own tolerance makes worthless."""
    for problem, solver, theirs, ours in compared(results):
        theirs["off"] = wrong = off(theirs, ours)
        if wrong > ULPS * ours["upper"]:
            beyond = wrong > theirs["tolerance"]
            yield (
                f"- {problem}: {solver} says [{theirs['value']:.9g}, {theirs['bound']:.9g}], "
                f"ours is [{ours['lower']:.9g}, {ours['upper']:.9g}]: off by {wrong:.1e}, "
                f"{'BEYOND' if beyond else 'within'} its tolerance of {theirs['tolerance']:.1e}"
            )
        elif theirs["status"] == "solved" and theirs["tolerance"] > WORTHLESS * ours["upper"]:
            yield (
                f"- {problem}: {solver} says solved, but its tolerances allow {theirs['tolerance']:.1e}, more than "
                f"{WORTHLESS:.0%} of the supremum (at most {ours['upper']:.1e})"
            )


def radii_table(results: dict[str, dict]) -> str:
    """Seconds for 4,096 radii."""
    lines = [
        f"| {radii.PAIRS:,} radii at d = {radii.CELL.inputs} | seconds | same objects again | pairs measured | "
        "ratio to ours | differ from ours |",
        "|---|---|---|---|---|---|",
    ]
    for shape, region in radii.TASKS:
        rows = {
            r["solver"]: r
            for r in results.values()
            if r["kind"] == "radii" and (r["options"]["shape"], r["options"]["region"]) == (shape, region)
        }
        mine = rows.get(plan.OURS)
        for solver, row in rows.items():
            if "seconds" not in row:
                lines.append(f"| {shape}, {region}: {solver} | {row['status']} | | | | |")
                continue
            differ = radii.disagreements(mine["radii"], row["radii"]) if mine and "radii" in mine else 0
            share = f"{row['seconds'] / mine['seconds']:.3g}x" if mine and "seconds" in mine else ""
            again = f"{row['again']:.3g}" if "again" in row else ""
            lines.append(
                f"| {shape}, {region}: {solver} | {row['seconds']:.3g} | {again} | {row['pairs']:,} | {share} | {differ} |"
            )
    return "\n".join([*lines, "", *radii.__doc__.split("\n\n")[1].splitlines()])


def aims(results: dict[str, dict]) -> list[str]:
    """Every aim with what was measured: holds, or missed by which factor."""
    lines = []

    def judge(what: str, measured: float | None, allowed: float, unit: str = "s") -> None:
        if measured is None:
            return lines.append(f"- {what}: not measured")
        factor = measured / allowed
        verdict = "holds" if factor <= 1 else f"missed by a factor of {factor:.3g}"
        return lines.append(f"- {what}: {measured:.3g} {unit} (aim {allowed:.3g}): {verdict}")

    for cell in CELLS:
        mine, theirs = singles(results, cell.name, plan.OURS), singles(results, cell.name, plan.AIM)
        common = [k for k in mine if "gap" in mine[k] and "gap" in theirs.get(k, {})]
        if any(mine[k]["status"] not in ("solved", "noise") for k in common):
            judge(
                f"{cell.name}, open at the limit: gap no larger than that of {plan.AIM}",
                statistics.median(mine[k]["gap"] / max(theirs[k]["gap"], plan.GAP) for k in common),
                1.0,
                "of its gap",
            )
        else:
            share = ratio(theirs, mine)
            judge(f"{cell.name}: no slower than {plan.AIM}", share[0] if share else None, 1.0, "of its time")
    for cell in CELLS:
        share = ratio(singles(results, cell.name, plan.OURS), singles(results, cell.name, plan.OTHERS[0]))
        if share and not share[1]:
            judge(f"{cell.name}: a hundredth of textbook HiGHS's time", 100 / share[0], 1.0, "times that")
    every = {name: r for name, r in results.items() if r["kind"] == "all" and "seconds" in r}
    for cell, gap, allowed in ((cube(2, 64), plan.GAP, 0.2), (cube(4, 32), plan.GAP, 5.0), (cube(8, 32), 0.1, 60.0)):
        row = every.get(plan.everyone(cell, gap, 0).name)
        judge(f"{cell.name}: all students to a gap of {gap:g}", row and row["seconds"], allowed)
        if row and row["reached"] < row["students"]:
            lines.append(f"  but {row['students'] - row['reached']} of {row['students']} did not reach it")
    curve = next((r for r in results.values() if r["kind"] == "anytime" and r["cell"] == patches().name), None)
    last = curve["points"][-1] if curve and "points" in curve else None
    judge(f"{patches().name}: upper / lower after 60 s", last and last["upper"] / last["lower"], 2.0, "times")
    for shape, region, allowed in (("ball", "box", 0.05), ("ball", "A_k", 0.05), ("ball", "polytope", 2.0)):
        row = next(
            (
                r
                for r in results.values()
                if r["kind"] == "radii"
                and r["solver"] == plan.OURS
                and r["options"]["shape"] == shape
                and r["options"]["region"] == region
            ),
            None,
        )
        judge(f"{radii.PAIRS:,} inscribed radii, {region}, new objects", row and row.get("seconds"), allowed)
    peaks = [max(r.get("mb_peak", 0), r.get("mb_largest_worker", 0)) for r in results.values() if r["solver"] == plan.OURS]
    judge("memory of one process", max(peaks) if peaks else None, 2048.0, "MB")
    return lines


def everyone_table(results: dict[str, dict]) -> str:
    """Seconds for all student nodes of an instance on two processes."""
    lines = [
        "| all students | gap asked | seconds | of it set-up | first call | students | worst gap | peak MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for r in results.values():
        if r["kind"] == "all" and "seconds" in r:
            peak = max(r["mb_peak"], r["mb_largest_worker"])
            lines.append(
                f"| {r['cell']} | {r['options']['gap']:g} | {r['seconds']:.3g} | {r['set_up']:.3g} | "
                f"{r['first']:.3g} | {r['students']} | {r['worst_gap']:.1e} | {peak:.0f} |"
            )
    return "\n".join(lines)


def curve_table(results: dict[str, dict]) -> str:
    """Seconds of every point of the scaling curves."""
    lines = ["| curve | solver | seconds (gap where it is not closed) |", "|---|---|---|"]
    for r in results.values():
        if r["kind"] == "curve" and "rows" in r:
            points = [
                f"{p['cell']}: {p['seconds']:.2g}" + ("" if p["gap"] <= plan.GAP else f" ({p['gap']:.1e})") for p in r["rows"]
            ]
            lines.append(f"| {r['cell']} | {r['solver']} | {'; '.join(points)} |")
    return "\n".join(lines)


def write_all(results: dict[str, dict], environment: dict, directory: Path) -> None:
    """table.md and table.csv."""
    wrong = list(disagreements(results))
    digests = sorted({r["sources"] for r in results.values()})
    solvers = [f"{k} {v}" for k, v in {**environment["packages"], **environment["solvers"]}.items() if v]
    text = [
        "# Side by side",
        "",
        f"{environment['processor']}, {environment['cores']} cores, {environment['memory']}, "
        f"{environment['system']}, Python {environment['python']}; " + ", ".join(solvers) + ".",
        f"Peers may use {plan.CORES} threads, ours one a student. Gap {plan.GAP:g}, seconds a student (median), both "
        "signs; in brackets the ratio to ours on the same students; limits of the solvers with cuts / of the others. Other "
        "work on the machine moves the seconds: read "
        "the ratios.",
        *([f"Rows of {len(digests)} versions of the sources: {', '.join(digests)}."] if len(digests) > 1 else []),
        "",
        side_by_side(results),
        "",
        everyone_table(results),
        "",
        radii_table(results),
        "",
        curve_table(results),
        "",
        "## Aims",
        "",
        *aims(results),
        "",
        "## Answers that our enclosures exclude, or that tolerances make worthless",
        "",
        *(wrong or ["None: every peer agrees with every enclosure."]),
        "",
    ]
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "table.md").write_text("\n".join(text), encoding="utf-8")
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(results[name] for name in sorted(results))
    (directory / "table.csv").write_text(stream.getvalue(), encoding="utf-8")
