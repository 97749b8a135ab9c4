"""Muon: what an orthogonal update is, and that all but kernels move as Adam moves them."""

from __future__ import annotations

import pytest
import torch

from cifar.training.step import OTHERS, Muon, orthogonal

SINGULAR = 0.6, 1.3  # where five iterations bring singular values from 1e-2 of the norm on; the source says .7 to 1.2
ADAM_WITHIN = 1e-6  # float32 in another order


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6), (64, 576)])
def test_an_orthogonal_update_keeps_singular_vectors_and_makes_singular_values_about_one(shape):
    generator = torch.Generator().manual_seed(0)
    rank = min(shape)
    left, _ = torch.linalg.qr(torch.randn(shape[0], rank, generator=generator))
    right, _ = torch.linalg.qr(torch.randn(shape[1], rank, generator=generator))
    values = torch.linspace(0.1, 1, rank)
    rotated = left.T @ orthogonal(left @ values.diag() @ right.T) @ right
    assert SINGULAR[0] < rotated.diagonal().min() and rotated.diagonal().max() < SINGULAR[1]
    assert (rotated - rotated.diagonal().diag()).abs().max() < 1e-3


def test_nothing_moves_where_there_is_no_gradient():
    assert torch.equal(orthogonal(torch.zeros(3, 5)), torch.zeros(3, 5))


def test_kernels_move_by_the_rate_in_every_direction_and_the_rest_as_adam_does():
    generator = torch.Generator().manual_seed(1)
    kernel, matrix, bias = (torch.randn(shape, generator=generator) for shape in ((5, 4, 3, 3), (3, 7), (3,)))
    before = kernel.clone()
    twins = [matrix.clone(), bias.clone()]
    mine = Muon([kernel, matrix, bias], lr=torch.tensor(0.1), momentum=0.9, weight_decay=0.0)
    adam = torch.optim.Adam(twins, lr=0.1 * OTHERS)
    for _ in range(4):
        kernel.grad = torch.randn(kernel.shape, generator=generator)
        for one, other in ((matrix, twins[0]), (bias, twins[1])):
            one.grad = other.grad = torch.randn(one.shape, generator=generator)
        mine.step()
        adam.step()
        moved = torch.linalg.svdvals((kernel - before).flatten(1))
        assert 0.1 * SINGULAR[0] < moved.min() and moved.max() < 0.1 * SINGULAR[1]
        before = kernel.clone()
    for one, other in ((matrix, twins[0]), (bias, twins[1])):
        torch.testing.assert_close(one, other, rtol=0, atol=ADAM_WITHIN)


def test_weight_decay_shrinks_kernels_and_matrices_and_no_bias():
    parameters = [torch.ones(2, 2, 3, 3), torch.ones(2, 2), torch.ones(2)]
    for parameter in parameters:
        parameter.grad = torch.zeros_like(parameter)
    Muon(parameters, lr=torch.tensor(0.5), momentum=0.9, weight_decay=0.1).step()
    assert parameters[0].unique().tolist() == pytest.approx([0.95])
    assert parameters[1].unique().tolist() == pytest.approx([1 - 0.05 * OTHERS]) and parameters[2].unique().tolist() == [1.0]
