"""How specialised a trained student is, layer by layer: the paper's NC, BNC, MBNC, counts, eps_in, eps_out.

All formulas are those of `twolayer.metrics`; this module streams the activations through them and writes down numbers.
Nodes of a conv layer are its channels; samples are images and positions. Matrices of pairs are (K students, J teachers).

Source: Sections 5.2 and 5.3; Figures 2 to 12 and 14; Appendix A.10.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from twolayer import metrics
from twolayer.streaming import StreamingCorrelation

from ..attacks.ascent import attacking
from ..networks.convnet import ConvNet
from .robustness import BATCH, as_pixels

QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
DIGITS = 6  # after the point, of every stored correlation and distance; files stay small


def measure(
    student: ConvNet, teacher: ConvNet, images: Tensor | np.ndarray, plane: Tensor | np.ndarray, *, batch: int = BATCH
) -> dict[str, Any]:
    """Everything that the figures need of one student.   images (N, 3, 32, 32); plane (17, 27), orthonormal rows

    "layers": one dict each (see `layer`);  "first": eps_in and eps_out of the first layer (see `distances`), about 60 kB.
    """
    rho = [values.correlation().cpu() for values in correlations(student, teacher, images, batch=batch)]
    return {
        "layers": [layer(values) for values in rho],
        "images": len(images),
        "first": distances(student, teacher, rho[0], plane),
    }


def correlations(
    student: ConvNet, teacher: ConvNet, images: Tensor | np.ndarray, *, batch: int = BATCH
) -> list[StreamingCorrelation]:
    """Moments of the post-ReLU activations of both networks, a stream for each conv layer; evaluation mode."""
    images = torch.as_tensor(images)
    seen = [StreamingCorrelation() for _ in student.convs]
    if len(seen) != len(teacher.convs):
        raise ValueError(f"both networks need the same number of conv layers; got {len(seen)} and {len(teacher.convs)}")
    with attacking(student, teacher), torch.no_grad():
        for first in range(0, len(images), batch):
            x = as_pixels(images[first : first + batch])
            maps = zip(seen, student.features(x), teacher.features(x), strict=True)
            seen = [stream.update(f, g) for stream, f, g in maps]
    return seen


def layer(rho: Tensor) -> dict[str, Any]:
    """Summary of one layer's NC.   (K, J)

    nc: mean, quartiles over all pairs;  bnc (J,) of teacher nodes, bnc_curve the same sorted, best first;  mbnc;
    student_bnc (K,): each student node's best;  specialised_count (J,);  students, teachers: nodes, specialised (above .9),
    unspecialised (below .8), ratio unspecialised / specialised, null where infinite;  dead: nodes that never vary.
    """
    counts = metrics.specialisation(rho)
    return {
        "nc": {"mean": rounded(rho.mean()), "quartiles": rounded(np.quantile(rho.numpy(), QUARTILES))},
        "bnc": rounded(metrics.best_correlation(rho)),
        "bnc_curve": rounded(metrics.sorted_curve(rho)),
        "mbnc": metrics.mean_best_correlation(rho),
        "student_bnc": rounded(rho.amax(1)),
        "specialised_count": metrics.specialised_count(rho).tolist(),
        "students": _shares(counts.students),
        "teachers": _shares(counts.teachers),
        "dead": {"students": int((rho == 0).all(1).sum()), "teachers": int((rho == 0).all(0).sum())},
    }


def distances(student: ConvNet, teacher: ConvNet, rho: Tensor, plane: Tensor | np.ndarray) -> dict[str, Any]:
    """eps_in and eps_out of the first layer's weights, as they act on pixels in [0, 1].   rho (K, J), plane (17, 27)

    eps_in_curve, eps_out_curve (J,): of each teacher node and its best-NC student, ascending, and their means;
    pearson_in, pearson_out: correlation of eps with NC over all pairs, whose matrices are nc, eps_in, eps_out.
    """
    basis = torch.as_tensor(plane, dtype=torch.float64)
    w, teacher_w = pixel_weights(student), pixel_weights(teacher)
    inside, outside = metrics.eps_in(w, teacher_w, basis), metrics.eps_out(w, teacher_w, basis)
    readings: dict[str, Any] = {"nc": rounded(rho), "eps_in": rounded(inside), "eps_out": rounded(outside)}
    for name, eps in (("in", inside), ("out", outside)):
        curve = metrics.eps_curve(eps, rho)
        readings[f"eps_{name}_curve"] = rounded(curve)
        readings[f"eps_{name}_mean"] = float(curve.mean())
        readings[f"pearson_{name}"] = float(metrics.correlation(eps.reshape(-1, 1), rho.reshape(-1, 1)))
    return readings


def pixel_weights(network: ConvNet) -> Tensor:
    """First-layer weights as functions of the pixels: divided by each colour's std.   (K, 27) float64, on the CPU

    The network's first operation is the normalisation; a patch's inner product with a weight is what the layer sees.
    """
    weight = network.convs[0].weight.detach().double().cpu()
    return (weight / network.std.double().cpu().view(1, -1, 1, 1)).flatten(1)


def rounded(values: Tensor | np.ndarray) -> Any:
    """Nested lists of numbers with few digits, or one number."""
    return np.round(np.asarray(values, dtype=np.float64), DIGITS).tolist()


def _shares(shares: metrics.Shares) -> dict[str, Any]:
    ratio = shares.ratio if math.isfinite(shares.ratio) else None
    return {"nodes": shares.nodes, "specialised": shares.specialised, "unspecialised": shares.unspecialised, "ratio": ratio}
