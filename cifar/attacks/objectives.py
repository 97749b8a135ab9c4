"""What an attack ascends: losses of the logits of one or two networks, one number a sample.

Every loss is computed from logits, in float32 or wider, whatever the networks computed in. A network is a
module or any other callable of images in [0, 1]; the teacher is the oracle, and is differentiated wherever its
logits at the perturbed image enter the loss.

Source: Equations 3 and 4; Section 5.1; Carlini and Wagner (2017) for the margin; Stutz et al. (2019) for the gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

Network = Callable[[Tensor], Tensor]
LEAN = 4.0  # weight of the student's answer beside how sure the oracle is; on trained students 1 was weaker, 16 no stronger
FLAT = 1e-30  # a spread below it is none


@dataclass(frozen=True, eq=False)
class Objective:
    """A loss of logits, ascended.   objective(x): (N, 3, 32, 32) -> (N,)

    networks: the student, then the oracle where its answer at x matters;
    loss: receives the logits of all, in this order, and ignores those it does not know.
    """

    networks: tuple[Network, ...]
    loss: Callable[..., Tensor]

    def logits(self, x: Tensor) -> tuple[Tensor, ...]:
        """In float32 or wider.   each (N, classes)"""
        return tuple(wide(network(x)) for network in self.networks)

    def __call__(self, x: Tensor) -> Tensor:
        return self.loss(*self.logits(x))


def wide(logits: Tensor) -> Tensor:
    """Half-precision logits in float32; wider ones as they are."""
    return logits.float() if logits.dtype in (torch.bfloat16, torch.float16) else logits


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


@contextmanager
def attacking(*networks: Network) -> Iterator[None]:
    """Evaluation mode and no parameter gradients while an attack runs; then every module and parameter as it was."""
    modules = [m for network in networks if isinstance(network, nn.Module) for m in network.modules()]
    parameters = [p for network in networks if isinstance(network, nn.Module) for p in network.parameters()]
    training = [(module, module.training) for module in modules]
    wanted = [(parameter, parameter.requires_grad) for parameter in parameters]
    try:
        for module in modules:
            module.training = False
        for parameter in parameters:
            parameter.requires_grad_(False)
        yield
    finally:
        for module, was in training:
            module.training = was
        for parameter, was in wanted:
            parameter.requires_grad_(was)
