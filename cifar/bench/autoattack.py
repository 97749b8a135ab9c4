"""oracle-ce beside AutoAttack's APGD on cross-entropy, under the same rule: parted at any iterate or the clean image.

`python -m cifar autoattack --teacher FILE --data DIR STUDENT...` compares them on trained students' weights and prints one
JSON text; it needs the extra `attacks`. Source: Croce and Hein (2020).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from twolayer.files import BadInput, tried
from twolayer.process import DONE, NO, Parser, delivered

from ..attacks.objectives import Network
from ..attacks.table import EPS, STEPS
from ..data import cifar10
from ..measures.bits import unpacked
from ..measures.robustness import BATCH, as_pixels, evaluate
from ..runs.paths import load_network

ROW = "oracle-ce"
WITHIN = 2.0  # standard errors of the paired difference: what two runs from different starts differ by


class FixedLabel(nn.Module):
    """The student with two logits exchanged, the oracle's class and class 0: it answers 0 exactly where the two agree.

    An attack that knows fixed labels alone, told that the label is 0, ascends the student's loss against the oracle's answer
    at the point where it stands. The oracle is not differentiated.
    """

    def __init__(self, student: Network, oracle: Network):
        super().__init__()
        self.student, self.oracle = student, oracle

    def forward(self, x: Tensor) -> Tensor:
        logits = self.student(x)
        with torch.no_grad():
            answer = self.oracle(x).argmax(1)
        places = torch.arange(logits.shape[1], device=x.device).expand_as(logits).clone()
        places.scatter_(1, answer[:, None], 0)
        places[:, 0] = answer
        return logits.gather(1, places)


def apgd_flips(student: Network, oracle: Network, x: Tensor, *, eps: float, steps: int, seed: int) -> Tensor:
    """Where APGD-CE finds an image in the linf ball on which the two part.   x (N, 3, 32, 32) in [0, 1] -> booleans (N,)"""
    try:
        from pyautoattack.autopgd_base import APGDAttack
    except ImportError:
        raise BadInput("the comparison needs AutoAttack: pip install -e '.[attacks]'") from None
    moved = FixedLabel(student, oracle).eval()
    labels = torch.zeros(len(x), dtype=torch.long, device=x.device)
    attack = APGDAttack(
        moved, n_iter=steps, norm="Linf", n_restarts=1, eps=eps, seed=seed, loss="ce", device=x.device, verbose=False
    )
    adversarial = attack.perturb(x, labels)
    with torch.no_grad():
        return (moved(x).argmax(1) != 0) | (moved(adversarial).argmax(1) != 0)


def compared(student: Network, oracle: Network, pixels: Tensor, *, steps: int = STEPS, seed: int = 0) -> dict[str, Any]:
    """Robust accuracies (per cent) by both attacks, their paired difference with its standard error, and whether ours is no
    weaker than WITHIN of them.   pixels (N, 3, 32, 32), bytes"""
    parts = [apgd_flips(student, oracle, as_pixels(x), eps=EPS, steps=steps, seed=seed) for x in pixels.split(BATCH)]
    theirs = ~torch.cat(parts).numpy()
    counted = evaluate(student, oracle, None, pixels, attacks=(ROW,), repeats=1, steps=steps, seed=seed)[ROW]["any"]
    ours = unpacked(counted["bits"][0], len(pixels))
    gap = ours.astype(float) - theirs
    error = float(gap.std(ddof=1)) / len(gap) ** 0.5
    return {
        "images": len(pixels),
        "steps": steps,
        "ours": 100 * float(ours.mean()),
        "apgd": 100 * float(theirs.mean()),
        "difference": 100 * float(gap.mean()),
        "error": 100 * error,
        "no weaker": bool(gap.mean() <= WITHIN * error),
    }


def main(argv: list[str]) -> int:
    """Exit status 1 if ours is weaker on a student."""
    parser = Parser(prog="python -m cifar autoattack", description=__doc__.splitlines()[0])
    parser.add_argument("students", type=Path, nargs="+", metavar="STUDENT", help="weights: runs/<run>/epoch-<n>.pt")
    parser.add_argument("--teacher", type=Path, required=True, metavar="FILE", help="the pruned teacher's weights")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--images", type=int, default=BATCH, metavar="N", help="the first N test images")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N")
    parser.add_argument("--to", default="-", metavar="FILE", help="write the JSON text there instead")
    options = parser.parse_args(argv)
    tried(options.to)
    cpu = torch.device("cpu")
    test, teacher = cifar10.load(options.data, download=False).test.first(options.images), load_network(options.teacher, cpu)
    rows = {
        str(path): compared(load_network(path, cpu), teacher, test.pixels, steps=options.steps) for path in options.students
    }
    delivered(options.to, (json.dumps({"format": "cifar-autoattack/1", "rows": rows}, indent=1) + "\n").encode())
    return DONE if all(row["no weaker"] for row in rows.values()) else NO
