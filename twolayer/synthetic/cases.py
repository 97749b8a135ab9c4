"""The families of instances that `twolayer verify` draws: low-rank data, a teacher, and a student trained on it.

Students start from random weights and are trained until the certified gradient, not the sampled one, is small: the
witnesses of the certified suprema join the training points.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .. import exact
from ..certify.boxes.search import load_loops
from ..certify.suprema import gradient_suprema, uninterrupted
from ..instances import Instance
from ..networks import TwoLayer, hidden_gradient
from ..regions import Subspace
from ..restriction.restricted import restricted
from .data import LowRankData, box_spectrum, low_rank_data
from .patches import patch_data
from .students import Guided, Recipe, counterexample_guided
from .teachers import geometric, off_plane_twin, perturbed, random_teacher

SAMPLES_PER_PARAMETER = 12  # labels per free number of the student; fewer leave cells without a sample
FEWEST_SAMPLES = 400  # however small the student: the corners and faces of the box take their share
ORACLE_SECONDS = 20.0  # of one certification; enclosures are valid whenever it strikes, so it only costs tightness
CHECK_SECONDS = 30.0  # of one final check, likewise
ORACLE_GAP = 0.5  # the oracle only has to say whether the target is reached, and where it is not


@dataclass(frozen=True)
class Case:
    """One draw: a family, the sizes, and the seed. Its instances follow from it alone.

    dimension   d', rank of the data          ambient   d
    teacher, student, outputs                 numbers of nodes, and C
    target      certified gradient to train to
    gap         relative width of the enclosures in the final check
    options     what the family needs besides
    """

    family: str
    dimension: int
    ambient: int
    teacher: int
    student: int
    outputs: int
    seed: int
    target: float = 1e-8
    gap: float = 1e-2
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """A name that is unique within a run."""
        sizes = f"d'={self.dimension} d={self.ambient} K={self.teacher}+{self.student} C={self.outputs}"
        return f"{self.family}, {sizes}, seed {self.seed}"


@dataclass(frozen=True, eq=False)
class Drawn:
    """An instance of a case with what training said about it.

    sampled   max of |g_1| over the training samples of this instance's subspace (a lower bound, not certified)
    rounds    counterexample-guided rounds: (sampled, certified upper, witnesses, seconds)
    """

    instance: Instance
    sampled: float
    rounds: list[tuple[float, float, int, float]]
    trained: bool = True


def oracle(data: LowRankData, teacher: TwoLayer, target: float) -> Callable:
    """student -> (certified upper bound of sup |g_1| over U ∩ R, witnesses (m, d) of the largest suprema)."""

    def certify(student: TwoLayer):
        problem = restricted(Instance(teacher, student, data.region(), data.subspace()))
        deadline = time.monotonic() + ORACLE_SECONDS
        enclosures = uninterrupted(gradient_suprema(problem, gap=ORACLE_GAP, floor=target, deadline=deadline))
        upper = max(e.upper for e in enclosures)
        witnesses = [
            exact.nearest(problem.frame.point(e.witness)) for e in enclosures if e.witness is not None and e.lower > target / 10
        ]
        return upper, np.array(witnesses).reshape(-1, data.ambient)

    return certify


def instances(case: Case) -> Iterator[Drawn]:
    """Draw a case: data, teacher, trained student, and the instances on which statements are checked."""
    yield from FAMILIES[case.family](case, np.random.default_rng([case.seed, case.dimension, case.student]))


def _data(case: Case, rng, thickness: float = 0.0) -> LowRankData:
    spread = box_spectrum(case.ambient, case.dimension, decay=case.options.get("decay", 1.0), thickness=thickness)
    return low_rank_data(spread, case.dimension, _samples(case), rng)


def _samples(case: Case) -> int:
    """How many samples a student of this size is trained on."""
    return max(SAMPLES_PER_PARAMETER * case.student * (case.dimension + 1 + case.outputs) // case.outputs, FEWEST_SAMPLES)


def _teacher(case: Case, data: LowRankData, rng, **choices) -> TwoLayer:
    sizes = geometric(case.teacher, case.options.get("fan_out_decay", 0.9))
    return random_teacher(data, case.teacher, case.outputs, rng, fan_out=sizes, min_angle=0.25, off_plane=0.3, **choices)


def _train(case: Case, data: LowRankData, teacher: TwoLayer, rng, recipe: Recipe | None = None) -> Guided:
    load_loops()
    return counterexample_guided(
        teacher,
        data.samples,
        case.student,
        rng,
        oracle(data, teacher, case.target),
        case.target,
        subspace=data.subspace(),
        recipe=recipe or Recipe(),
        rounds=case.options.get("rounds", 12),
        time_limit=case.options.get("seconds", 20.0),
    )


def _drawn(case: Case, data: LowRankData, teacher: TwoLayer, guided: Guided, **fields) -> Drawn:
    name = fields.pop("name", case.name)
    instance = Instance(
        teacher, guided.trained.student, data.region(), fields.pop("subspace", data.subspace()), name=name, **fields
    )
    rounds = [(r.sampled, r.upper, r.witnesses, r.seconds) for r in guided.rounds]
    return Drawn(instance, guided.trained.gradient, rounds)


def exact_low_rank(case: Case, rng) -> Iterator[Drawn]:
    """Data that lie exactly in a subspace X; U = X."""
    data = _data(case, rng)
    teacher = _teacher(case, data, rng)
    yield _drawn(case, data, teacher, _train(case, data, teacher, rng))


def thin_directions(case: Case, rng) -> Iterator[Drawn]:
    """Data of small thickness off a subspace X; U = X, and U orthogonal to X, where nothing was learned.

    The orthogonal U passes through a point of X on the first teacher node's boundary, so that it sees that node.
    """
    data = _data(case, rng, thickness=case.options["thickness"])
    teacher = _teacher(case, data, rng)
    guided = _train(case, data, teacher, rng)
    yield _drawn(case, data, teacher, guided)
    across = Subspace(data.basis[data.rank :], _on_boundary(data, teacher))
    drawn = _drawn(case, data, teacher, guided, subspace=across, name=f"{case.name}, U orthogonal to X")
    flat = across.origin + (data.samples - data.mean) @ across.basis.T @ across.basis
    yield replace(drawn, sampled=float(np.abs(hidden_gradient(teacher, guided.trained.student, flat)).max()), trained=False)


def _on_boundary(data: LowRankData, teacher: TwoLayer) -> np.ndarray:
    """The point of X on the boundary of teacher node 0 that is nearest to the centre of the data."""
    p = data.basis[: data.rank] @ teacher.W[0]
    return data.points(-(teacher.W[0] @ data.mean + teacher.b[0]) / (p @ p) * p)


def patches(case: Case, rng) -> Iterator[Drawn]:
    """Colour patches of CIFAR-10: 27 dimensions with the measured covariance, 17 of them thick; U = the thick ones."""
    data = patch_data(_samples(case), rng, rank=case.dimension)
    teacher = _teacher(case, data, rng)
    yield _drawn(case, data, teacher, _train(case, data, teacher, rng))


def unspecialised(case: Case, rng) -> Iterator[Drawn]:
    """Over-realised students some of whose nodes keep their random boundary; only their fan-outs are trained."""
    data = _data(case, rng)
    teacher = _teacher(case, data, rng)
    yield _drawn(case, data, teacher, _train(case, data, teacher, rng, Recipe(spectators=case.options.get("spectators", 2))))


def two_teachers(case: Case, rng) -> Iterator[Drawn]:
    """A second teacher near the first, or equal to it on X and different off it."""
    data = _data(case, rng)
    teacher = _teacher(case, data, rng)
    guided = _train(case, data, teacher, rng)
    size = case.options["size"]
    yield _drawn(
        case, data, teacher, guided, second_teacher=perturbed(teacher, size, rng), name=f"{case.name}, moved by {size:g}"
    )
    yield _drawn(
        case, data, teacher, guided, second_teacher=off_plane_twin(teacher, data, 1.0, rng), name=f"{case.name}, equal on X"
    )


def checkpoints(case: Case, rng) -> Iterator[Drawn]:
    """Students along one training run, as the certified gradient falls from about 1 to the target."""
    data = _data(case, rng)
    teacher = _teacher(case, data, rng)
    guided = _train(case, data, teacher, rng, Recipe(level_ratio=case.options.get("level_ratio", 30.0)))
    rounds = [(r.sampled, r.upper, r.witnesses, r.seconds) for r in guided.rounds]
    for step, checkpoint in enumerate(guided.trained.checkpoints):
        instance = Instance(teacher, checkpoint.student, data.region(), data.subspace(), name=f"{case.name}, checkpoint {step}")
        yield Drawn(instance, checkpoint.gradient, rounds)


def exact_copies(case: Case, rng) -> Iterator[Drawn]:
    """Students that are not trained but built: every teacher node split in two, so that g_1 = 0 exactly (Theorem 1)."""
    data = _data(case, rng)
    teacher = _teacher(case, data, rng)
    scale = 2.0 ** rng.integers(-2, 3, size=2 * case.teacher)  # powers of two, and halves: no rounding anywhere
    V = np.concatenate([teacher.V, teacher.V], axis=1) / 2
    W, b = np.tile(teacher.W, (2, 1)) * scale[:, None], np.tile(teacher.b, 2) * scale
    student = TwoLayer(W, b, V / scale, teacher.output_bias)
    yield Drawn(Instance(teacher, student, data.region(), data.subspace(), name=case.name), 0.0, [], trained=False)


FAMILIES: dict[str, Callable[[Case, np.random.Generator], Iterator[Drawn]]] = {
    "exact low rank": exact_low_rank,
    "thin directions": thin_directions,
    "CIFAR-10 patches": patches,
    "unspecialised nodes": unspecialised,
    "two teachers": two_teachers,
    "along training": checkpoints,
    "exact copies": exact_copies,
}


def cases(quick: bool, seed: int = 0) -> list[Case]:
    """The cases of `verify`, the most expensive first so that two processes finish together."""

    def low(d, ambient, teacher, student, outputs, seeds, **choices):
        return [Case("exact low rank", d, ambient, teacher, student, outputs, seed + s, **choices) for s in seeds]

    if quick:
        return [
            Case("along training", 2, 5, 4, 8, 2, seed),
            *low(6, 12, 5, 8, 3, [0], gap=0.1, target=1e-7),
            *low(3, 8, 5, 10, 2, [0]),
            *low(2, 6, 4, 8, 2, [0, 1]),
            Case("thin directions", 2, 4, 4, 8, 2, seed, options={"thickness": 1e-2}),
            Case("unspecialised nodes", 2, 6, 4, 9, 2, seed),
            Case("two teachers", 2, 6, 4, 8, 2, seed, options={"size": 1e-6}),
            Case("exact copies", 6, 12, 4, 8, 3, seed),
        ]
    wide = {"gap": 0.1, "target": 1e-7}
    return [
        Case("CIFAR-10 patches", 17, 27, 8, 12, 4, seed, **wide, options={"seconds": 60.0}),
        Case("CIFAR-10 patches", 17, 27, 8, 12, 4, seed + 1, **wide, options={"seconds": 60.0}),
        *low(10, 20, 6, 10, 4, [0], **wide),
        *low(8, 16, 6, 10, 3, [0, 1], **wide),
        *low(6, 12, 6, 10, 3, [0, 1, 2], **wide),
        Case("along training", 2, 6, 5, 10, 2, seed),
        Case("along training", 3, 8, 4, 8, 2, seed),
        *low(4, 10, 5, 10, 3, [0, 1], gap=0.1),
        *low(3, 8, 5, 10, 2, [0, 1, 2], options={"decay": 0.8}),
        *low(2, 8, 4, 8, 2, [0, 1, 2]),
        *low(2, 8, 6, 12, 3, [0, 1]),
        Case("thin directions", 3, 6, 4, 8, 2, seed, options={"thickness": 1e-1}),
        Case("thin directions", 2, 4, 4, 8, 2, seed, options={"thickness": 1e-2}),
        Case("thin directions", 3, 5, 4, 8, 2, seed + 1, options={"thickness": 1e-3}),
        Case("unspecialised nodes", 2, 8, 4, 9, 2, seed),
        Case("unspecialised nodes", 3, 8, 4, 9, 2, seed),
        Case("unspecialised nodes", 2, 8, 4, 9, 3, seed + 1),
        Case("two teachers", 2, 8, 4, 8, 2, seed, options={"size": 1e-6}),
        Case("two teachers", 3, 8, 4, 8, 2, seed, options={"size": 1e-4}),
        Case("exact copies", 3, 8, 4, 8, 2, seed),
        Case("exact copies", 17, 27, 8, 16, 4, seed),
    ]
