"""The paper's grid as data: which runs, checkpoints, attacks and metrics each table and figure needs, in three profiles.

`paper` trains as printed; `standard` is what a CPU can train in days and a GPU in an hour, on all images with fewer epochs
and attack steps and more seeds, and what the claims are judged on; `demo` is the same pipeline in minutes, evidence of
nothing. All keep the ratios of epochs: checkpoint "at@150" is 150 epochs in `paper`, and half of the longest training
elsewhere. What the paper leaves open is settings.CHOICES.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..errors import BadInput
from ..networks.convnet import student_widths
from ..networks.pruning import REMOVED
from ..settings import Settings

EPOCHS = (50, 100, 150, 200, 300)  # Tables 1 and 3
FOUR, PRUNED_FOUR = (64, 64, 64, 64), (45, 32, 32, 20)
FIVE, PRUNED_FIVE = (64, 64, 64, 64, 64), (45, 32, 32, 32, 20)
TABLE_1 = ("linf", "l2", "l1", "fgsm", "cw", "transfer")  # the printed rows
BESIDE = ("l2-small", "l1-small", "cw-l2", "data")  # the other readings of Table 1's rows
TABLE_2 = ("linf", "in-plane", "out-plane")
RHOS = (5, 10, 20)
UNTRAINED = ("st-logit", "st-logit-5")  # a run of each architecture whose start is measured, for all that share it
Cells = tuple[tuple[str, tuple[str, ...]], ...]  # (checkpoint, attacks)
SURROGATE_SEED = 1000  # independent of every student


@dataclass(frozen=True)
class Experiment:
    """title: what it shows;  metrics: which part of a result it reads;  cells: (checkpoint, attacks)."""

    title: str
    metrics: tuple[str, ...]
    cells: Cells

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(checkpoint.partition("@")[0] for checkpoint, _ in self.cells))


def _cells(runs: Sequence[str], epochs: Sequence[int], attacks: tuple[str, ...] = ()) -> Cells:
    return tuple((f"{run}@{epoch}", attacks) for run in runs for epoch in epochs)


LINF = ("linf", "confident")  # the paper's attack, and the one whose successes are none of the teacher's boundary
CONTEXT = ("oracle-ce", "label")  # beside them where a run ends
SEED = "-seed-"  # between the name of a student's first seed and the number of another
SEEDED = (*LINF, *CONTEXT)  # the attacks on further seeds
CCAT = tuple(f"ccat-{rho}" for rho in RHOS)
ALSO = (  # what a second seed is worth, beside st-logit, at and st-label
    "st-logit-gaussian",
    *CCAT,
    "rft",
    "at-in-plane",
    "at-out-plane",
    "at-augmented",
    "st-logit-augmented",
)
EXPERIMENTS = {
    "table-1": Experiment(
        "robust accuracy of AT along training and of ST, six attacks",
        ("attacks",),
        (
            *_cells(["at"], EPOCHS, (*TABLE_1, "confident")),
            *_cells(["at", "st-logit"], [300], (*TABLE_1, "confident", *BESIDE)),
        ),
    ),
    "table-2": Experiment(
        "in-plane, out-plane and standard AT against the same three attacks",
        ("attacks",),
        _cells(["at-in-plane", "at-out-plane", "at"], [150], (*TABLE_2, "confident")),
    ),
    "table-3": Experiment(
        "robust accuracy of ST along training, logit and label", ("attacks",), _cells(["st-logit", "st-label"], EPOCHS, LINF)
    ),
    "table-4": Experiment("robust accuracy of CCAT for three rho, and of AT", ("attacks",), _cells([*CCAT, "at"], [150], LINF)),
    "table-5": Experiment(
        "robust accuracy of robust-feature training",
        ("attacks",),
        (*_cells(["at", "st-logit"], [150], LINF), *_cells(["st-logit", "rft"], [300], LINF)),
    ),
    "figure-2": Experiment("patch spectrum; eps_in against NC", ("specialisation",), _cells(["st-logit"], [300])),
    "figure-3": Experiment("sorted BNC, AT and ST", ("specialisation",), _cells(["at", "st-logit"], [300])),
    "figure-4": Experiment("eps curves, AT and ST", ("specialisation",), _cells(["at", "st-logit"], [300])),
    "figure-5": Experiment("five layers: BNC and eps curves", ("specialisation",), _cells(["at-5", "st-logit-5"], [300], LINF)),
    "figure-6": Experiment(
        "MBNC and ratio per layer, with and without augmentation",
        ("specialisation",),
        _cells(["at", "st-logit", "at-augmented", "st-logit-augmented"], [300], LINF),
    ),
    "figure-7": Experiment(
        "eps curves of in-plane, out-plane and standard AT",
        ("specialisation",),
        _cells(["at-in-plane", "at-out-plane", "at"], [150]),
    ),
    "figure-8": Experiment(
        "sorted BNC of ST along training, logit and label", ("specialisation",), _cells(["st-logit", "st-label"], EPOCHS)
    ),
    "figure-9": Experiment(
        "eps curves of ST along training, logit and label", ("specialisation",), _cells(["st-logit", "st-label"], EPOCHS)
    ),
    "figure-10": Experiment(
        "eps curves of ST with and without Gaussian noise",
        ("specialisation", "attacks"),
        _cells(["st-logit", "st-logit-gaussian"], EPOCHS, LINF),
    ),
    "figure-11": Experiment("sorted BNC of CCAT", ("specialisation",), _cells([*CCAT, "at"], [150])),
    "figure-12": Experiment("eps curves of CCAT and AT", ("specialisation",), _cells([*CCAT, "at"], [150])),
    "figure-14": Experiment(
        "specialised students of each teacher node, three seeds",
        ("specialisation",),
        _cells(["st-logit", "st-logit-seed-1", "st-logit-seed-2"], [300], LINF),
    ),
    "figure-15": Experiment(
        "sorted BNC of RFT, ST and AT",
        ("specialisation",),
        (*_cells(["at", "st-logit"], [150]), *_cells(["st-logit", "rft"], [300])),
    ),
    "figure-16": Experiment(
        "eps curves of RFT, ST and AT",
        ("specialisation",),
        (*_cells(["at", "st-logit"], [150]), *_cells(["st-logit", "rft"], [300])),
    ),
    "untrained": Experiment(
        "students before their first update, the baseline of every specialisation figure",
        ("attacks", "specialisation"),
        _cells(UNTRAINED, [0], LINF),
    ),
    "variants": Experiment(
        "data-adversarial examples, fixed targets, calibrated training at full radius",
        ("attacks", "specialisation"),
        _cells(["at-data", "at-data-teacher", "at-label-target", "ccat-10-full"], [150], LINF),
    ),
}


@dataclass(frozen=True)
class Profile:
    """How long and how precisely everything is done.   epochs: here for the paper's;  students, teacher: changes to the
    default settings of these runs (the pruned and the surrogate are trained like the teacher);  features: of the steps to
    robust-feature images;  beside: whether BESIDE is run;  seeds: of a student, where it has more than one.
    """

    epochs: dict[int, int]
    students: dict[str, object]
    teacher: dict[str, object]
    teacher_epochs: int
    pruning_epochs: int
    five_teacher_epochs: int
    features: dict[str, object]
    beside: bool
    seeds: dict[str, int]


LEAST_SEEDS = {"st-logit": 3}  # Figure 14 compares three
PROFILES = {
    "paper": Profile(
        epochs={epoch: epoch for epoch in (0, *EPOCHS)},
        # Attacks in bfloat16 are as strong as in float32 (on 2,000 test images an AT student of ten short epochs stays right on
        # 63.9 % and 64.4 % under linf, at losses within .2 %), and what counts is judged in float32.
        students={"batch": 64, "optimiser": "adam", "lr": 1e-3, "inner": "bfloat16", "eval_inner": "bfloat16", "multiple": 8},
        teacher={"batch": 128, "lr": 0.1, "weight_decay": 5e-4, "warmup": 1.0, "update": "bfloat16"},
        teacher_epochs=200,
        pruning_epochs=50,
        five_teacher_epochs=200,
        beside=True,
        features={"feature_steps": 250, "feature_step": 1.0},
        seeds=LEAST_SEEDS,
    ),
    "standard": Profile(
        epochs={0: 0, 50: 4, 100: 8, 150: 12, 200: 16, 300: 24},
        students={
            "batch": 128,
            "optimiser": "adam",
            "lr": 1e-3,
            "steps": 7,
            "step": 10 / 255 / 4,
            "inner": "bfloat16",
            "update": "bfloat16",
            "eval_inner": "bfloat16",
            "multiple": 1,  # without AMX padding costs a CPU a tenth of an attack step; it changes no result
            "test_images": 2000,
            "eval_batch": 250,
            "repeats": 1,
        },
        teacher={
            "gain": 6.0,
            "batch": 128,
            "optimiser": "muon",
            "lr": 0.012,
            "momentum": 0.95,
            "weight_decay": 0.05,
            "warmup": 3.0,
            "update": "bfloat16",
        },
        teacher_epochs=24,
        pruning_epochs=6,
        five_teacher_epochs=24,
        beside=False,
        features={"feature_steps": 60, "feature_step": 1.0},
        seeds={"at": 3, "st-logit": 3, "st-label": 3, **dict.fromkeys(ALSO, 2)},
    ),
    "demo": Profile(
        epochs={0: 0, 50: 2, 100: 3, 150: 5, 200: 7, 300: 10},
        students={
            "images": 1536,
            "batch": 16,
            "optimiser": "adam",
            "lr": 1e-3,
            "steps": 5,
            "step": 0.02,
            "inner": "bfloat16",
            "update": "bfloat16",
            "eval_inner": "bfloat16",
            "multiple": 8,
            "test_images": 250,
            "eval_batch": 125,
            "eval_steps": 10,
            "repeats": 2,
        },
        teacher={
            "images": 20000,
            "batch": 128,
            "optimiser": "adam",
            "lr": 1e-3,
            "warmup": 0.2,
            "update": "bfloat16",
            "test_images": 2000,
        },
        teacher_epochs=4,
        pruning_epochs=1,
        five_teacher_epochs=2,
        beside=False,
        features={"feature_steps": 20, "feature_step": 1.0},
        seeds=LEAST_SEEDS,
    ),
}


def attacks_at(run: str, beside: bool = True) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """The attacks of each checkpoint of a run: all that any table or figure asks for, for further seeds those of SEEDED.

    Where a run ends and is attacked, CONTEXT comes with it.
    """
    first = run.partition(SEED)[0]
    found: dict[int, dict[str, None]] = {}
    for experiment in EXPERIMENTS.values():
        for checkpoint, names in experiment.cells:
            name, _, epoch = checkpoint.partition("@")
            if name in (run, first):
                asked = (n for n in names if (beside or n not in BESIDE) and (run == first or n in SEEDED))
                found.setdefault(int(epoch), {}).update(dict.fromkeys(asked))
    last = max(found, default=0)
    if last and "linf" in found[last]:
        found[last].update(dict.fromkeys(CONTEXT))
    return tuple((epoch, tuple(names)) for epoch, names in sorted(found.items()))


def grid(profile_name: str) -> dict[str, Settings]:
    """Every run of a profile by name, each after those it needs."""
    if profile_name not in PROFILES:
        raise ValueError(f"profile must be one of {', '.join(PROFILES)}; got {profile_name!r}")
    profile = PROFILES[profile_name]
    runs: dict[str, Settings] = {}

    def add(name: str, checkpoints: Iterable[tuple[int, int]], **choices: object) -> None:
        runs[name] = Settings(name=name, checkpoints=tuple(checkpoints), **choices)  # type: ignore[arg-type]

    def oracle(suffix: str, wide: tuple[int, ...], narrow: tuple[int, ...], epochs: int) -> str:
        dataset = {**profile.teacher, "loss": "label", "target": "dataset", "augment": "crop-flip"}
        add(f"teacher{suffix}", [(200, epochs)], role="teacher", widths=wide, horizon=epochs, **dataset)
        fine = {**dataset, "lr": 0.2 * dataset["lr"], "warmup": 0.0}  # type: ignore[operator]
        tuning = profile.pruning_epochs
        add(
            f"pruned{suffix}",
            [(50, tuning)],
            role="pruned",
            widths=wide,
            horizon=tuning,
            removed=REMOVED[len(wide)],
            start=f"teacher{suffix}@200",
            **fine,
        )
        student = {**dataset, "widths": student_widths(narrow), "role": "surrogate"}
        add(f"surrogate{suffix}", [(200, epochs)], horizon=epochs, seed=SURROGATE_SEED, **student)
        return f"pruned{suffix}@50"

    def student(name: str, last: int = 300, suffix: str = "", narrow: tuple[int, ...] = PRUNED_FOUR, **choices: object) -> None:
        needs = {"teacher": f"pruned{suffix}@50", "widths": student_widths(narrow)}
        if name.partition(SEED)[0] == "rft":
            same = name.partition("rft")[2]
            needs |= {"start": f"st-logit{same}@150", "representation": f"at{same}@150"}
        wanted = attacks_at(name, profile.beside)
        if any("transfer" in names for _, names in wanted):
            needs["surrogate"] = f"surrogate{suffix}@200"
        marks = [epoch for epoch, _ in wanted if epoch <= last] or [last]
        add(
            name,
            [(epoch, profile.epochs[epoch]) for epoch in marks],
            horizon=profile.epochs[300],
            attacks=wanted,
            **{**profile.students, **needs, **choices},
        )

    def seeds(name: str, first: int, last: int, **choices: object) -> None:
        """Seeds of a student from first to last, as far as the profile has them."""
        for seed in range(first, min(last + 1, profile.seeds.get(name, 1))):
            student(name if seed == 0 else f"{name}{SEED}{seed}", seed=seed, **choices)

    # In the order in which pieces of the work are useful alone: what most claims compare, with all its seeds; the other
    # students of four layers; their second seeds; five layers; variants.
    oracle("", FOUR, PRUNED_FOUR, profile.teacher_epochs)
    adversarial = {"examples": "oracle"}
    many = {"st-logit": {}, "at": adversarial, "st-label": {"loss": "label"}}
    for name, choices in many.items():
        seeds(name, 0, 0, **choices)
    for name, choices in many.items():
        seeds(name, 1, 9, **choices)
    few: dict[str, dict[str, object]] = {
        "st-logit-gaussian": {"augment": "gaussian", "noise": 0.1},
        **{f"ccat-{rho}": {"examples": "calibrated", "rho": float(rho), "loss": "label"} for rho in RHOS},
        "rft": {"first_epoch": profile.epochs[150], **profile.features},
        "at-in-plane": {"examples": "in-plane"},
        "at-out-plane": {"examples": "out-plane"},
        "at-augmented": {"augment": "standard", **adversarial},
        "st-logit-augmented": {"augment": "standard"},
    }
    for first, last in ((0, 0), (1, 9)):
        for name, choices in few.items():
            seeds(name, first, last, **choices)
    oracle("-5", FIVE, PRUNED_FIVE, profile.five_teacher_epochs)
    del runs["surrogate-5"]  # no attack on five layers transfers
    student("at-5", suffix="-5", narrow=PRUNED_FIVE, **adversarial)
    student("st-logit-5", suffix="-5", narrow=PRUNED_FIVE)
    student("at-data", examples="data", loss="label", target="clean")
    student("at-data-teacher", examples="data")
    student("at-label-target", examples="oracle", loss="label", target="clean")
    student("ccat-10-full", examples="calibrated", rho=10.0, loss="label", radius="full")
    return runs


def selected(names: Iterable[str], runs: dict[str, Settings]) -> dict[str, Settings]:
    """The runs of experiments or runs by name ("all": everything), with those they need, in the grid's order.

    BadInput, one line, for a name that is neither.
    """
    wanted: list[str] = []
    for name in names:
        if name != "all" and name not in EXPERIMENTS and name not in runs:
            raise BadInput(f"no experiment or run is called {name!r}; `python -m cifar list` names them all")
        wanted += list(runs) if name == "all" else EXPERIMENTS[name].runs if name in EXPERIMENTS else [name]
    closed: set[str] = set()
    while wanted:
        name = wanted.pop()
        if name not in closed:
            closed.add(name)
            wanted += [need.partition("@")[0] for need in runs[name].needs]
    return {name: settings for name, settings in runs.items() if name in closed}
