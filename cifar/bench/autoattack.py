"""oracle-ce beside AutoAttack's APGD on cross-entropy, under the same rule: parted at any iterate or the clean image.

`python -m cifar autoattack --teacher FILE --data DIR STUDENT...` compares them on trained students' weights and prints one
JSON text; it needs the extra `attacks`. Where an attack parts every image or none, any attack would agree: radii below the
paper's, where some images hold out, are what the comparison stands on. Source: Croce and Hein (2020).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from twolayer.files import BadInput, tried
from twolayer.process import DONE, NO, Parser, delivered

from ..attacks.ascent import Network
from ..attacks.table import EPS, STEPS, table
from ..data import cifar10
from ..devices import generator
from ..measures.robustness import BATCH, RULES, agreements, as_pixels
from ..runs.paths import load_network

ROW = "oracle-ce"
RULE = RULES.index("any")
RADII = (10.0, 2.0, 1.0, 0.5)  # in 255ths; the paper's, and smaller ones
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
    moved, labels = FixedLabel(student, oracle).eval(), torch.zeros(len(x), dtype=torch.long, device=x.device)
    how: dict[str, Any] = {"n_iter": steps, "norm": "Linf", "n_restarts": 1, "eps": eps, "seed": seed, "loss": "ce"}
    adversarial = APGDAttack(moved, **how, device=x.device, verbose=False).perturb(x, labels)
    with torch.no_grad():
        return (moved(x).argmax(1) != 0) | (moved(adversarial).argmax(1) != 0)


def compared(
    student: Network, oracle: Network, pixels: Tensor, *, eps: float = EPS, steps: int = STEPS, seed: int = 0
) -> dict[str, Any]:
    """Robust accuracies (per cent) by both attacks, their paired difference with its standard error, and whether ours is no
    weaker than WITHIN of them: None where all images are parted or none, which compares nothing.   pixels (N, 3, 32, 32), bytes
    """
    attack = table(student, oracle, eps=eps, steps=steps)[ROW]
    ours, theirs = [], []
    for first, x in enumerate(map(as_pixels, pixels.split(BATCH))):
        ours.append(agreements(student, oracle, attack(x, generator(f"{seed} {ROW} {first}", x.device)), x)[RULE])
        theirs.append(~apgd_flips(student, oracle, x, eps=eps, steps=steps, seed=seed))
    held, against = (torch.cat(parts).double().cpu().numpy() for parts in (ours, theirs))
    gap = held - against
    error = float(gap.std(ddof=1)) / len(gap) ** 0.5
    says = 0 < held.mean() + against.mean() < 2
    told = {"ours": held.mean(), "apgd": against.mean(), "difference": gap.mean(), "error": error}
    row = {"images": len(pixels), "eps": eps, "steps": steps, **{name: 100 * float(share) for name, share in told.items()}}
    return {**row, "no weaker": bool(gap.mean() <= WITHIN * error) if says else None}


def main(argv: list[str]) -> int:
    """Exit status 1 if ours is weaker on a student at a radius, or if no radius says anything of one."""
    parser = Parser(prog="python -m cifar autoattack", description=__doc__.splitlines()[0])
    parser.add_argument("students", type=Path, nargs="+", metavar="STUDENT", help="weights: runs/<run>/epoch-<n>.pt")
    parser.add_argument("--teacher", type=Path, required=True, metavar="FILE", help="the pruned teacher's weights")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--images", type=int, default=BATCH, metavar="N", help="the first N test images")
    parser.add_argument("--eps", type=float, nargs="+", default=RADII, metavar="E", help="radii, in 255ths")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N")
    parser.add_argument("--to", default="-", metavar="FILE", help="write the JSON text there instead")
    options = parser.parse_args(argv)
    if options.images < 1 or options.steps < 1 or not all(0 < e <= 255 for e in options.eps):
        raise BadInput("--images and --steps need to be 1 or more, --eps above 0 and at most 255")
    tried(options.to)
    cpu = torch.device("cpu")
    test, teacher = cifar10.load(options.data, download=False).test.first(options.images), load_network(options.teacher, cpu)
    rows: dict[str, list[dict[str, Any]]] = {}
    for path in options.students:
        student = load_network(path, cpu)
        rows[str(path)] = [compared(student, teacher, test.pixels, eps=e / 255, steps=options.steps) for e in options.eps]
    delivered(options.to, (json.dumps({"format": "cifar-autoattack/2", "rows": rows}, indent=1) + "\n").encode())
    answers = [{row["no weaker"] for row in each} for each in rows.values()]
    return DONE if all(True in each and False not in each for each in answers) else NO
