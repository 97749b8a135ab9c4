"""Certificates of instances in sizes that floats hardly hold: the checker, all rationals, accepts every number of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from twolayer.certify import certificates
from twolayer.statements.certificates import certificate

from ..sizes import in_units, near_copies, two_to, with_nodes
from .fuzzer import accepted


@pytest.mark.parametrize("by_trees", [False, True])
@pytest.mark.parametrize("seed, space", [(1, 500), (5, -500), (0, 0)])
def test_certificates_of_rescaled_instances_are_accepted_and_say_the_same(monkeypatch, seed, space, by_trees):
    if by_trees:  # multipliers, cuts and groups have units, vertices have none
        monkeypatch.setattr(certificates, "MOST_STEPS", 0)
    instance, rng = near_copies(seed), np.random.default_rng(seed)
    teachers, students = (rng.integers(-300, 301, size=net.width).tolist() for net in (instance.teacher, instance.student))
    before, _ = certificate(instance)
    after, _ = certificate(in_units(with_nodes(instance, teachers, students), 0, space))
    accepted(after)
    for one, other, k in zip(before["students"], after["students"], students, strict=True):
        assert [Fraction(one[end]) * two_to(-k) for end in ("lower", "upper")] == [
            Fraction(other[end]) for end in ("lower", "upper")
        ]
    assert len(after["verdicts"]) + sum(after["left_out"].values()) > 0
