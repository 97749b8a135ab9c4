"""The paper's attacks, a row each: which loss, which ball, which steps. Every row is the one core with other arguments.

| row | what |
|---|---|
| linf | logit distance, 40 steps of .01 inside 10/255, random start: the paper's |
| linf-small | linf at a quarter of radius and step: what 10/255 is where images are counted in their standard deviations |
| l2, l2-small | eps .5 with steps 2.5 eps / 40; eps .3 with steps .01, the size that 40 steps of .01 suggest |
| l1, l1-small | eps 12, sparse steps of 2.5 eps / 40; eps 10, one coordinate by .01 a step |
| fgsm | one step of 10/255, no start |
| cw | the margin against the oracle's label at x', ascended as in linf up to a confidence of 0.1 |
| cw-label | the margin against the oracle's label at the clean image, unlimited, ascended as in linf |
| cw-l2 | Carlini and Wagner's search for the nearest success; it counts within a 2-norm of .5 |
| transfer | linf on the surrogate; the student is not looked at |
| oracle-ce | cross-entropy to the oracle's label at x', in linf's ball, with the steps of `falling`: AutoAttack's core |
| confident | the smaller of the student's excess over the oracle's class and the oracle's margin, in units of their spreads |
| label | the margin against the dataset's label, steps alike: context, the robustness that RobustBench speaks of |
| data | Equation 4: the distance to the teacher's logits at the clean image, ascended as in linf |
| in-plane, out-plane | two runs of linf; the one whose patches lie nearer to, or farther from, the input plane |

The losses that they ascend are of the logits of one or two networks, one number a sample; the teacher is the oracle, and is
differentiated wherever its logits at the perturbed image enter the loss.

Source: Equations 3 and 4, Section 5.1, Tables 1 and 2; Carlini and Wagner (2017) for the margin; Stutz et al. (2019) for the
gap; the sizes of l1, l2 and cw, oracle-ce, confident and label are this project's choice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ..data.patches import InputPlane
from .ascent import L1, L2, Adversarial, Ball, Linf, Network, Objective, attacking, carlini_l2, merged, pgd, wide

Score = Callable[[Tensor, Tensor], Tensor]  # of the logits of student and teacher, a number a sample
EPS, STEP, STEPS = 10 / 255, 0.01, 40  # the paper's
L2_EPS, L2_SMALL_EPS, L1_EPS, L1_SMALL_EPS, L1_SHARE = 0.5, 0.3, 12.0, 10.0, 0.01
SPARE = 2.5  # steps of l2 and l1 add up to this many radii, the usual choice
SMALL = 0.25  # of linf's radius: what 10/255 is where images are counted in their standard deviations, .24 to .26 of 255
FIRST, FALL = 2.0, 0.6  # of `falling`: the first step in radii, and the share of steps that fall
CONFIDENCE = 0.1  # in logits: above the rounding of bfloat16 copies, below the margin at which the oracle follows
LEAN = 4.0  # weight of the student's answer beside how sure the oracle is; on trained students 1 was weaker, 16 no stronger
FLAT = 1e-30  # a spread below it is none
NAMES = tuple(
    """linf linf-small oracle-ce confident label l2 l2-small l1 l1-small fgsm cw cw-label cw-l2 transfer data in-plane
    out-plane""".split()
)


def logit_distance(student: Network, teacher: Network) -> Objective:
    """|f(x') - f*(x')|^2, the oracle-adversarial objective (Equation 3)."""
    return Objective((student, teacher), lambda s, t: (s - t).square().sum(1))


def data_adversarial(student: Network, teacher: Network, x0: Tensor) -> Objective:
    """|f(x') - f*(x)|^2 with the teacher at the clean images x0, row by row (Equation 4)."""
    target = constant_logits(teacher, x0)
    return Objective((student,), lambda s, *_: (s - target).square().sum(1))


def cross_entropy_to_oracle(student: Network, oracle: Network | Tensor) -> Objective:
    """Cross-entropy to the oracle's label: at x' itself, or a fixed one for each image, labels (N,)."""
    if isinstance(oracle, Tensor):
        return Objective((student,), lambda s, *_: functional.cross_entropy(s, oracle, reduction="none"))
    return Objective((student, oracle), lambda s, t: functional.cross_entropy(s, t.argmax(1), reduction="none"))


def margin(student: Network, oracle: Network | Tensor, confidence: float = torch.inf) -> Objective:
    """max_{k != t} s_k - s_t, t the oracle's label: at x' itself, or a fixed one for each image, labels (N,).

    Positive where the student answers another label. A constant added to all logits changes nothing.
    confidence: where the margin is higher, the loss is this number and has no gradient. With an oracle at x' an ascent
    needs it: pushed on after its success, the image reaches the place where the oracle, too, changes its answer.
    """
    if isinstance(oracle, Tensor):
        return Objective((student,), lambda s, *_: excess(s, oracle).clamp_max(confidence))
    return Objective((student, oracle), lambda s, t: excess(s, t.argmax(1)).clamp_max(confidence))


def confident(student: Network, teacher: Network) -> Objective:
    """min(LEAN times the student's excess over the oracle's class, the oracle's own margin), in units of their logits' spreads.

    Positive where the two answer differently; large only where the oracle is sure of its answer: on its decision boundary,
    where an ascent of the excess alone ends and where any two networks part, it is 0. Both networks are differentiated, the
    spreads are not; whatever positive number either's logits are multiplied by, the ascent stays the same.
    """

    def loss(s: Tensor, t: Tensor) -> Tensor:
        answer = t.argmax(1)
        return torch.minimum(LEAN * excess(s, answer) / spread(s), -excess(t, answer) / spread(t))

    return Objective((student, teacher), loss)


def spread(logits: Tensor) -> Tensor:
    """The deviation of a sample's logits over classes, without gradient; 1 where they are equal.   (N, classes) -> (N,)"""
    deviation = logits.detach().std(1)
    return deviation.where(deviation > FLAT, 1.0)


def surely_parted(student: Tensor, teacher: Tensor) -> Tensor:
    """The oracle's margin where the student answers otherwise; below 0, by how far it is from that, elsewhere.

    Of the student the answer alone counts: one whose logits are a thousand times smaller is parted where it was.
    two (N, classes) -> (N,)
    """
    answer = teacher.argmax(1)
    lacking = excess(student, answer)
    return torch.where(lacking > 0, -excess(teacher, answer), lacking / spread(student))


def largest_gap(student: Network, teacher: Network) -> Objective:
    """max_k |s_k - t_k| over the logits, which confidence-calibrated training ascends.   Source: Section 5.6"""
    return Objective((student, teacher), lambda s, t: (s - t).abs().amax(1))


def excess(logits: Tensor, labels: Tensor) -> Tensor:
    """How far the best other label's logit lies above the label's own.   (N, classes), (N,) -> (N,)"""
    place = labels[:, None]
    return logits.scatter(1, place, -torch.inf).amax(1) - logits.gather(1, place)[:, 0]


def disagreement(student: Tensor, teacher: Tensor) -> Tensor:
    """Positive where the student's answer differs from the teacher's.   two (N, classes) -> (N,)"""
    return excess(student, teacher.argmax(1))


def constant_logits(network: Network, x: Tensor) -> Tensor:
    """A network's logits in evaluation mode, without gradient.   (N, 3, 32, 32) -> (N, classes)"""
    with attacking(network), torch.no_grad():
        return wide(network(x))


@dataclass(frozen=True, eq=False)
class Attack:
    """A row of the table.   attack(x, generator, labels): (N, 3, 32, 32) -> Adversarial

    Its watched iterate is the one at which the student's answer is farthest above the oracle's (`confident`: at which the
    oracle is surest while the student answers otherwise): if any iterate parts the networks, that one does.  `transfer`, which
    does not look at the student, and `label` have none.
    random: whether a second run differs;  labelled: whether it asks for the dataset's labels (N,), and is judged by them;
    ValueError for images that are none, before anything is computed.
    """

    run: Callable[[Tensor, Generator | None, Tensor | None], Adversarial]
    random: bool
    labelled: bool = False

    def __call__(self, x: Tensor, generator: Generator | None = None, labels: Tensor | None = None) -> Adversarial:
        require_images(x)
        if self.labelled and labels is None:
            raise ValueError("this attack needs the labels of the dataset, (N,); got none")
        return self.run(x, generator, labels)


def require_images(x: Tensor) -> None:
    """ValueError unless x is (N, 3, h, w), float32 or float64, every number in [0, 1]."""
    if x.ndim != 4 or len(x) == 0:
        raise ValueError(f"images need shape (N, 3, 32, 32) with N > 0; got {tuple(x.shape)}")
    if x.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"images need bytes, or float32 or float64 in [0, 1]; got {x.dtype}")
    low, high = torch.stack([x.amin(), x.amax()]).tolist()  # one wait for a device
    if not (low >= 0 and high <= 1):  # not a number is neither
        raise ValueError(f"images need numbers in [0, 1]; got {low:g} to {high:g}; normalisation is the network's own")


def table(
    student: Network,
    teacher: Network,
    surrogate: Network | None = None,
    plane: InputPlane | None = None,
    *,
    eps: float = EPS,
    step: float = STEP,
    steps: int = STEPS,
) -> dict[str, Attack]:
    """The rows by name; `transfer` only with a surrogate, `in-plane` and `out-plane` only with a patch spectrum."""

    def ascended(
        objective: Objective | Callable[[Tensor, Tensor | None], Objective],
        ball: Ball,
        size: float | Sequence[float] = step,
        start: bool = True,
        watch: Score | None = disagreement,
        labelled: bool = False,
    ) -> Attack:
        """objective: or what makes one of the clean images and their labels, for it to remember"""

        def run(x: Tensor, generator: Generator | None, labels: Tensor | None) -> Adversarial:
            chosen = objective if isinstance(objective, Objective) else objective(x, labels)
            seen = chosen if watch is None else replace(chosen, networks=(student, teacher))
            return pgd(seen, x, ball, step=size, steps=steps, start=start, generator=generator, watch=watch)

        return Attack(run, start, labelled)

    distance, linf, sizes = logit_distance(student, teacher), Linf(eps), falling(eps, steps)
    rows = {
        "linf": ascended(distance, linf),
        "linf-small": ascended(distance, Linf(SMALL * eps), SMALL * step),
        "oracle-ce": ascended(cross_entropy_to_oracle(student, teacher), linf, sizes),
        "confident": ascended(confident(student, teacher), linf, sizes, watch=surely_parted),
        "label": ascended(lambda _, labels: margin(student, labels), linf, sizes, watch=None, labelled=True),  # type: ignore[arg-type]
        "l2": ascended(distance, L2(L2_EPS), SPARE * L2_EPS / steps),
        "l2-small": ascended(distance, L2(L2_SMALL_EPS), STEP),
        "l1": ascended(distance, L1(L1_EPS, L1_SHARE), SPARE * L1_EPS / steps),
        "l1-small": ascended(distance, L1(L1_SMALL_EPS, 0.0), STEP),
        "fgsm": ascended(distance, linf, [eps], start=False),
        "cw": ascended(margin(student, teacher, CONFIDENCE), linf),
        "cw-label": ascended(lambda x, _: margin(student, constant_logits(teacher, x).argmax(1)), linf),
        "cw-l2": Attack(lambda x, *_: carlini_l2(margin(student, teacher), x, budget=L2_EPS), False),
        "data": ascended(lambda x, _: data_adversarial(student, teacher, x), linf),
    }
    if surrogate is not None:
        rows["transfer"] = ascended(logit_distance(surrogate, teacher), linf, watch=None)
    if plane is not None:
        rows["in-plane"] = _twice(rows["linf"], plane, nearer=True)
        rows["out-plane"] = _twice(rows["linf"], plane, nearer=False)
    return {name: rows[name] for name in NAMES if name in rows}


def falling(eps: float, steps: int) -> list[float]:
    """Sizes of steps: from FIRST radii down to 0 in the first FALL of them, then as many small ones as are left, all alike.

    The large ones find where two networks part, the small ones look around there. Constant steps of SPARE eps / steps left up
    to 2.4 points more images than AutoAttack's APGD (cifar/results/autoattack/standard-constant-steps.json).
    """
    large = math.ceil(FALL * steps)
    return [FIRST * eps * (1 - i / large) for i in range(large)] + [SPARE * eps / steps] * (steps - large)


def _twice(attack: Attack, plane: InputPlane, *, nearer: bool) -> Attack:
    """Two runs from different starts; of each sample, the one whose last iterate is nearer to the input plane, or farther."""

    def run(x: Tensor, generator: Generator | None, labels: Tensor | None) -> Adversarial:
        first, second = attack(x, generator), attack(x, generator)
        second_is_nearer = plane.distance(second.last) < plane.distance(first.last)
        return merged(second_is_nearer if nearer else ~second_is_nearer, second, first)

    return Attack(run, True)
