"""The instances that are timed: trained-looking students of random teachers, on a cube and on real patch directions; and
trained ones that pair with nobody (`trained`).

A teacher has unit Gaussian rows, and biases that lead each hyperplane through a point of [-0.7, 0.7]^d, so that all
cross the cube [-1, 1]^d. Teacher nodes are split into two student nodes whose fan-outs add up to the teacher's, each
rescaled by a positive number (relu(s z) = s relu(z)); then all weights, biases and fan-outs move by eps.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from twolayer.instances import Instance
from twolayer.networks import TwoLayer
from twolayer.regions import Box
from twolayer.restriction.domains import Domain
from twolayer.restriction.restricted import Restricted, restricted
from twolayer.restriction.ridges import RidgeSum
from twolayer.synthetic.patches import PATCH_RANK, patch_spectrum

from . import trained

OUTPUTS = 10
EPS = 1e-2
INNER = 0.7  # hyperplanes go through a point of the cube of this half-width
FIRST_LAYER = (45, 50)  # sizes of the first layer of the pruned teacher and of its 1.1x student


@dataclass(frozen=True)
class Cell:
    """One column of the table: a family of instances with its sizes.

    split   how many teacher nodes have two students instead of one
    patch   on the box with the half-widths of real patches along their first `inputs` principal directions
    stored  or the name of a trained student that is stored (`trained`), whose sizes the others are
    """

    inputs: int
    nodes: int
    split: int
    eps: float = EPS
    patch: bool = False
    seed: int = 0
    stored: str = ""

    @property
    def name(self) -> str:
        """(d', K), (17; 45 + 50) for the patches, sgd (30; 10 + 100); eps and seed where they are not the usual ones."""
        students = self.nodes + self.split
        if self.stored:
            return f"{self.stored} ({self.inputs}; {self.nodes} + {students})"
        name = f"({self.inputs}; {self.nodes} + {students})" if self.patch else f"({self.inputs}, {self.nodes})"
        name += "" if self.eps == EPS else f" eps {self.eps:g}"
        return name + ("" if self.seed == 0 else f" seed {self.seed}")

    @cached_property
    def instance(self) -> Instance:
        """The instance, the same at every call."""
        if self.stored:
            return trained.stored(self.stored)
        half = np.sqrt(3 * patch_spectrum().eigenvalues[: self.inputs]) if self.patch else np.ones(self.inputs)
        return near_copy(half, self.nodes, self.split, self.eps, np.random.default_rng(self.seed), self.name)

    @cached_property
    def problem(self) -> Restricted:
        """The instance in exact coordinates."""
        return restricted(self.instance)

    def student(self, k: int) -> tuple[RidgeSum, Domain]:
        """h_k and A_k of the k-th student node (from 0) whose A_k has interior."""
        for node in self.problem.student[k:]:
            region = self.problem.active_domain(node)
            if region is not None:
                return self.problem.gradient(node), region
        raise ValueError(f"{self.name} needs a student node from number {k} on that is active somewhere; got none")


def cube(inputs: int, nodes: int, eps: float = EPS, seed: int = 0) -> Cell:
    """(d', K) on the cube [-1, 1]^d': K teacher nodes, all of them split."""
    return Cell(inputs, nodes, nodes, eps, seed=seed)


def patches(eps: float = EPS, seed: int = 0) -> Cell:
    """The first layer's sizes on the box of real patches: 17 directions, half-widths from 1.98 to 0.041."""
    teacher, student = FIRST_LAYER
    return Cell(PATCH_RANK, teacher, student - teacher, eps, patch=True, seed=seed)


WIDE = Cell(trained.INPUTS, trained.TEACHERS, trained.STUDENTS - trained.TEACHERS, stored="sgd")
UNPAIRED = tuple(Cell(trained.RANK, first, second - first, stored=name) for name, (first, second) in trained.FITTED.items())
CELLS = (
    *(cube(2, 64), cube(4, 32), cube(8, 8), cube(8, 32), cube(16, 16), cube(24, 16), cube(32, 16)),
    *(patches(), WIDE, *UNPAIRED),
)


def near_copy(half: np.ndarray, nodes: int, split: int, eps: float, rng: np.random.Generator, name: str) -> Instance:
    """A teacher and its perturbed split copy on the box with half-widths `half`.

    Weights are drawn, and perturbed, in units of the box: times half_j they are unit Gaussian.
    """
    d = len(half)
    U = rng.normal(size=(nodes, d))
    b = -(U * rng.uniform(-INNER, INNER, size=(nodes, d))).sum(axis=1)
    V = rng.normal(size=(OUTPUTS, nodes))
    twins = rng.permutation(nodes)[:split] if split < nodes else np.arange(nodes)
    parent = np.concatenate([np.arange(nodes), twins])
    share = np.ones(nodes + split)
    share[nodes:] = rng.uniform(0.2, 0.8, size=split)
    share[twins] = 1 - share[nodes:]
    scale = rng.uniform(0.5, 2.0, size=nodes + split)
    students = (U[parent] * scale[:, None], b[parent] * scale, V[:, parent] * share / scale)
    U1, b1, V1 = (x + eps * rng.normal(size=x.shape) for x in students)
    return Instance(TwoLayer(U / half, b, V), TwoLayer(U1 / half, b1, V1), Box(-half, half), name=name)
