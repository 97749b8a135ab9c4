"""The paper's grid: which runs, checkpoints and attacks each table and figure needs (paper.toml), in three profiles
(profiles.toml).

`paper` trains as printed; `standard` is what a CPU can train in days and a GPU in an hour, on all images with fewer epochs
and attack steps and more seeds, and what the claims are judged on; `demo` is the same pipeline in minutes, evidence of
nothing. All keep the ratios of epochs: checkpoint "at@150" is 150 epochs in `paper`, and half of the longest training
elsewhere. What the paper leaves open is settings.CHOICES.

What runs cost is told before they start: multiply-adds of all passes, and hours of a processor that was measured. Steps of
attacks dominate: each is a forward pass of both networks and the gradient in the image. A rough number, which tells minutes
from days from months.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from twolayer.files import BadInput

from ..networks.convnet import REMOVED, student_widths
from ..settings import Settings

WRITTEN, TRAINED = (
    tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8")) for name in ("paper.toml", "profiles.toml")
)
EPOCHS = tuple(WRITTEN["epochs"])
ATTACKS = {name: tuple(attacks) for name, attacks in WRITTEN["attacks"].items()}
TABLE_1, BESIDE, TABLE_2, ALWAYS, CONTEXT = (ATTACKS[name] for name in ("table-1", "beside", "table-2", "always", "context"))
FOUR, PRUNED_FOUR = (64, 64, 64, 64), (45, 32, 32, 20)
FIVE, PRUNED_FIVE = (64, 64, 64, 64, 64), (45, 32, 32, 32, 20)
UNTRAINED = ("st-logit", "st-logit-5")  # a run of each architecture whose start is measured, for all that share it
SURROGATE_SEED = 1000  # independent of every student
SEED = "-seed-"  # between the name of a student's first seed and the number of another
SEEDED = (*ALWAYS, *CONTEXT)  # the attacks on further seeds
# Profile demo, 3.9e14 multiply-adds by this count, took 34 minutes of idle cores of an AMD EPYC with avx512_bf16; on a core
# that was shared a step of profile standard had 5.4e10 a second (13.0 ms an image; both in cifar/README.md).
RATE = 1.9e11  # multiply-adds a second
SIZE, COLOURS, KERNEL, CLASSES = 32, 3, 9, 10
STEPS = 40  # of an attack that says nothing else
FORWARD_BACKWARD = 3  # times a forward pass: the gradient in the image and that in the weights cost one each


@dataclass(frozen=True)
class Experiment:
    """title: what it shows;  asked: runs, epochs and sets of attacks that belong together;  panels, caption: of a figure
    (report/pictures.py)."""

    title: str
    asked: Sequence[dict[str, Any]]
    panels: Sequence[str] = ()
    caption: str = ""

    @cached_property
    def cells(self) -> list[tuple[str, tuple[str, ...]]]:
        """(checkpoint, attacks)"""
        pairs = []
        for cell in self.asked:
            epochs = EPOCHS if cell["epochs"] == "all" else cell["epochs"]
            attacks = tuple(attack for name in cell.get("attacks", ()) for attack in ATTACKS.get(name, (name,)))
            pairs += [(f"{run}@{epoch}", attacks) for run in cell["runs"] for epoch in epochs]
        return pairs

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(checkpoint.partition("@")[0] for checkpoint, _ in self.cells))


EXPERIMENTS = {name: Experiment(**written) for name, written in WRITTEN["experiments"].items()}


@dataclass(frozen=True)
class Profile:
    """How long and how precisely everything is done.   epochs: here for the paper's;  students, teacher: changes to the
    default settings of these runs (the pruned and the surrogate are trained like the teacher);  features: of the steps to
    robust-feature images;  beside: whether BESIDE is run;  seeds: of a student, where it has more than one.
    """

    epochs: dict[int, int]
    students: dict[str, Any]
    teacher: dict[str, Any]
    teacher_epochs: int
    pruning_epochs: int
    five_teacher_epochs: int
    features: dict[str, Any]
    beside: bool
    seeds: dict[str, int]


PROFILES = {
    name: Profile(**{**profile, "epochs": {int(paper): here for paper, here in profile["epochs"].items()}})
    for name, profile in TRAINED["profiles"].items()
}


def attacks_at(run: str, beside: bool = True) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The attacks of each checkpoint of a run: all that any table or figure asks for, for further seeds those of SEEDED.

    Where a run ends and is attacked, CONTEXT comes with it.
    """
    first = run.partition(SEED)[0]
    asked: dict[int, dict[str, None]] = {}
    for experiment in EXPERIMENTS.values():
        for checkpoint, names in experiment.cells:
            name, _, epoch = checkpoint.partition("@")
            if name in (run, first):
                wanted = (n for n in names if (beside or n not in BESIDE) and (run == first or n in SEEDED))
                asked.setdefault(int(epoch), {}).update(dict.fromkeys(wanted))
    last = max(asked, default=0)
    if last and "linf" in asked[last]:
        asked[last].update(dict.fromkeys(CONTEXT))
    return tuple((epoch, tuple(names)) for epoch, names in sorted(asked.items()))


def oracle(profile: Profile, suffix: str = "") -> list[Settings]:
    """The teacher, its pruned network and the surrogate, of four layers or ("-5") of five."""
    wide, narrow, epochs = (
        (FIVE, PRUNED_FIVE, profile.five_teacher_epochs) if suffix else (FOUR, PRUNED_FOUR, profile.teacher_epochs)
    )
    labelled = {**profile.teacher, "loss": "label", "target": "dataset", "augment": "crop-flip"}
    teacher = Settings(
        f"teacher{suffix}", role="teacher", widths=wide, checkpoints=((200, epochs),), horizon=epochs, **labelled
    )
    pruned = replace(
        teacher,
        name=f"pruned{suffix}",
        role="pruned",
        checkpoints=((50, profile.pruning_epochs),),
        horizon=profile.pruning_epochs,
        removed=REMOVED[len(wide)],
        start=f"teacher{suffix}@200",
        lr=0.2 * teacher.lr,
        warmup=0.0,
    )
    surrogate = replace(
        teacher, name=f"surrogate{suffix}", role="surrogate", widths=student_widths(narrow), seed=SURROGATE_SEED
    )
    return [teacher, pruned, surrogate]


def student(profile: Profile, name: str, choices: dict[str, Any], suffix: str = "") -> Settings:
    """A student of the grid, whose name says which seed it is.   suffix: of the oracle"""
    kind, _, seed = name.partition(SEED)
    needs: dict[str, Any] = {"teacher": f"pruned{suffix}@50"}
    if kind == "rft":
        same = name.removeprefix("rft")
        needs |= {"start": f"st-logit{same}@150", "representation": f"at{same}@150"}
        needs |= {"first_epoch": profile.epochs[150], **profile.features}
    wanted = attacks_at(name, profile.beside)
    if any("transfer" in names for _, names in wanted):
        needs["surrogate"] = f"surrogate{suffix}@200"
    return Settings(
        name,
        widths=student_widths(PRUNED_FIVE if suffix else PRUNED_FOUR),
        seed=int(seed or 0),
        checkpoints=tuple((epoch, profile.epochs[epoch]) for epoch, _ in wanted),
        horizon=profile.epochs[300],
        attacks=wanted,
        **{**profile.students, **needs, **choices},
    )


def grid(profile_name: str) -> dict[str, Settings]:
    """Every run of a profile by name, each after those it needs."""
    if profile_name not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}; got {profile_name!r}")
    profile, students = PROFILES[profile_name], TRAINED["students"]

    def trained(group: str, suffix: str = "", further: bool = False) -> list[Settings]:
        """First seeds, or those beyond, as many as the profile has."""
        return [
            student(profile, f"{kind}{SEED}{seed}" if seed else kind, choices, suffix)
            for kind, choices in students[group].items()
            for seed in (range(1, profile.seeds.get(kind, 1)) if further else [0])
        ]

    runs = oracle(profile)
    for group in ("with-all-seeds", "first-seeds-first"):
        runs += [*trained(group), *trained(group, further=True)]
    runs += oracle(profile, "-5")[:2]  # no attack on five layers transfers
    runs += [*trained("of-five-layers", "-5"), *trained("variants")]
    return {run.name: run for run in runs}


def selected(names: Iterable[str], runs: dict[str, Settings]) -> dict[str, Settings]:
    """The runs of experiments or runs by name ("all": everything), with those they need, in the grid's order.

    BadInput, one line, for a name that is neither.
    """
    wanted: set[str] = set()
    for name in names:
        if name != "all" and name not in EXPERIMENTS and name not in runs:
            raise BadInput(f"no experiment or run is called {name!r}; `python -m cifar list` names them all")
        wanted |= runs.keys() if name == "all" else set(EXPERIMENTS[name].runs) if name in EXPERIMENTS else {name}
    for name in reversed(runs):  # each stands after those it needs
        wanted |= {need.partition("@")[0] for need in runs[name].needs} if name in wanted else set()
    return {name: settings for name, settings in runs.items() if name in wanted}


def multiply_adds(widths: Iterable[int]) -> int:
    """Of a network's forward pass on one image (3x3 kernels, no padding)."""
    total, before, side = 0, COLOURS, SIZE
    for width in widths:
        side -= 2
        total, before = total + KERNEL * before * width * side**2, width
    return total + CLASSES * before * side**2


def cost(settings: Settings, grid: Mapping[str, Settings]) -> float:
    """Multiply-adds of a run, training and measuring.   grid: where the networks that it needs are"""
    student = multiply_adds(settings.widths)
    oracle = multiply_adds(grid[settings.teacher.partition("@")[0]].widths) if settings.teacher else 0
    attack = 2 * (student + oracle)
    shown = oracle + FORWARD_BACKWARD * student + (settings.steps * attack if settings.examples != "clean" else 0)
    trained = (settings.epochs - settings.first_epoch) * settings.images * shown
    features = settings.images * settings.feature_steps * attack if settings.representation else 0
    steps = sum(len(names) for _, names in settings.attacks) * (settings.eval_steps or STEPS) * settings.repeats
    return float(trained + features + settings.test_images * steps * attack)


def told(runs: Mapping[str, Settings], grid: Mapping[str, Settings], cores: int) -> str:
    """What runs cost, in words.   cores: that work on them"""
    seconds = sum(cost(settings, grid) for settings in runs.values()) / RATE
    measured = f"some {spoken(seconds)} of one idle core of an AMD EPYC, three times as much of a busy one"
    return f"{len(runs)} runs, {measured}: {spoken(seconds / cores)} or more on {cores} here"


def spoken(seconds: float) -> str:
    """A duration in the largest unit that leaves a number of 2 or more."""
    for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return "a minute"
