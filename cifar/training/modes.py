"""What a student is shown and what it is asked: every training mode of the paper, as functions of one batch.

Nothing here waits for the device, and every shape is fixed, so that a whole training step fits a CUDA graph.
Attacks see the low-precision copies of both networks; images, perturbations and projections stay in float32.

Source: Sections 4.2, 5.1, 5.4 to 5.6, Equations 3, 4, 34 and 35, Appendix A.11; Stutz et al. (2019) for the
calibrated labels; Ilyas et al. (2019) for robust features.
"""

from __future__ import annotations

import torch
from torch import Generator, Tensor
from torch.nn import functional

from ..attacks.ascent import Objective
from ..attacks.table import Linf, cross_entropy_to_oracle, data_adversarial, largest_gap, logit_distance, pgd
from ..data.patches import InputPlane
from ..networks.convnet import ConvNet
from ..settings import Settings


def calibrated_labels(labels: Tensor, delta: Tensor, eps: float, rho: float, classes: int = 10) -> Tensor:
    """lambda one_hot(y) + (1 - lambda)/K with lambda = (1 - min(1, |delta|_inf / eps))^rho.   (N,), (N, ...) -> (N, K)

    Source: Section 5.6.
    """
    confidence = (1 - (delta.flatten(1).abs().amax(1) / eps).clamp(max=1)).pow(rho)[:, None]
    return confidence * functional.one_hot(labels, classes) + (1 - confidence) / classes


def shown(
    settings: Settings, x: Tensor, student: ConvNet, teacher: ConvNet, generator: Generator, plane: InputPlane | None = None
) -> tuple[Tensor, Tensor | None]:
    """The images that the student learns from, and for calibrated training their soft labels.   x (N, 3, h, w)

    student, teacher: the copies that attacks differentiate.
    """
    if settings.examples == "clean":
        if settings.augment == "gaussian":
            x = x + settings.noise * torch.empty_like(x).normal_(generator=generator)
        return x, None

    def attack(objective: Objective, images: Tensor) -> Tensor:
        ball = Linf(settings.eps)
        return pgd(objective, images, ball, step=settings.step, steps=settings.steps, generator=generator, track=False).last

    if settings.examples == "calibrated":
        with torch.no_grad():
            labels = teacher(x).argmax(1)
        clean, attacked = x.tensor_split(2)
        length = x.new_ones(len(attacked), 1, 1, 1)  # by what factor each perturbation is shortened
        if settings.radius == "scaled":
            length = torch.rand(len(attacked), 1, 1, 1, generator=generator, device=x.device)
        delta = length * (attack(largest_gap(student, teacher), attacked) - attacked)
        moved = torch.cat([torch.zeros_like(clean), delta])
        return x + moved, calibrated_labels(labels, moved, settings.eps, settings.rho, student.classes)
    if settings.examples == "data":
        if settings.loss == "logit":
            return attack(data_adversarial(student, teacher, x), x), None
        with torch.no_grad():
            labels = teacher(x).argmax(1)
        return attack(cross_entropy_to_oracle(student, labels), x), None
    first = attack(logit_distance(student, teacher), x)
    if settings.examples == "oracle":
        return first, None
    assert plane is not None
    second = attack(logit_distance(student, teacher), x)
    nearer = plane.distance(first) < plane.distance(second)
    if settings.examples == "out-plane":
        nearer = ~nearer
    return torch.where(nearer[:, None, None, None], first, second), None


def loss(settings: Settings, answer: Tensor, oracle: Tensor | None, labels: Tensor, soft: Tensor | None) -> Tensor:
    """Mean loss of a batch.   answer, oracle: logits (N, K) of student and teacher;  labels: the dataset's (N,)"""
    if soft is not None:
        return functional.cross_entropy(answer, soft)
    if settings.target == "dataset":
        return functional.cross_entropy(answer, labels)
    assert oracle is not None
    if settings.loss == "logit":
        return (answer - oracle).square().sum(1).mean()
    return functional.cross_entropy(answer, oracle.argmax(1))


def robust_features(
    target: Tensor, start: Tensor, representation: ConvNet, teacher: ConvNet, *, alpha: float, step: float, steps: int
) -> Tensor:
    """x_r minimising alpha |L_t(x_r) - L_t(x)|_2 + |f_M(x) - f_M(x_r)|_2 in [0, 1], by l2 steps.   (N, 3, h, w) twice

    f_M: post-ReLU maps of the robust student's last conv layer;  L_t: the teacher's logits;  step: the length of the first
    one, from which lengths fall linearly towards 0: 250 steps from 1 come as low as 1,000 of .1 (1.52 and 1.67 from 17.7).
    Source: Equation 35.
    """

    def seen(x: Tensor) -> tuple[Tensor, Tensor]:
        return representation.features(x)[-1].flatten(1).float(), teacher(x).float()

    with torch.no_grad():
        features, logits = seen(target)
    point = start
    for taken in range(steps):
        point = point.detach().requires_grad_()
        maps, answers = seen(point)
        away = alpha * torch.linalg.vector_norm(answers - logits, dim=1) + torch.linalg.vector_norm(maps - features, dim=1)
        (gradient,) = torch.autograd.grad(away.sum(), point)
        size = torch.linalg.vector_norm(gradient, dim=(1, 2, 3), keepdim=True)
        length = step * (1 - taken / steps)
        point = (point.detach() - length * gradient / torch.where(size == 0, 1, size)).clamp(0, 1)
    return point.detach()
