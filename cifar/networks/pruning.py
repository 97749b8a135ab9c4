"""Pruning by fan-out: 64-64-64-64 to 45-32-32-20, one shot, fine-tuned with the masks held, then shrunk.

The score of a channel is the mean absolute weight that leaves it (the next layer's, or the head's); the paper
calls the channels of small fan-out inactivated.   Source: Section 5.1, footnote 3.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from .convnet import ConvNet, _grouped, like

REMOVED = {4: (0.3, 0.5, 0.5, 0.7), 5: (0.3, 0.5, 0.5, 0.5, 0.7)}  # share of each layer's channels; 5 layers: our choice


def fan_out_scores(network: ConvNet) -> list[Tensor]:
    """Mean absolute weight out of each channel, layer by layer.   [(K,)]"""
    scores = [conv.weight.data.abs().mean((0, 2, 3)) for conv in list(network.convs)[1:]]
    return [*scores, _grouped(network.head, network.widths[-1]).abs().mean((0, 2))]


def kept_channels(network: ConvNet, removed: Sequence[float]) -> list[Tensor]:
    """Indices, ascending, of the channels that stay; int(share K) of the lowest scores go.   [(kept,)]"""
    if len(removed) != len(network.widths) or not all(0 <= share < 1 for share in removed):
        raise ValueError(f"one removed share in [0, 1) for each of {len(network.widths)} layers; got {tuple(removed)}")
    kept = []
    for score, share in zip(fan_out_scores(network), removed, strict=True):
        order = torch.argsort(score, stable=True)
        kept.append(order[int(share * len(score)) :].sort().values)
    return kept


def silence(network: ConvNet, kept: Sequence[Tensor]) -> None:
    """Set everything that enters or leaves a pruned channel to zero, in place; holds the masks after an update.

    No host synchronisation. A silent channel's gradients are 0, so the masks would hold by themselves; this
    makes it so whatever the optimiser does.
    """
    for layer, stay in enumerate(kept):
        conv = network.convs[layer]
        # Not mask[stay] = 1, which copies the 1 from the host: a graph cannot capture that.
        mask = torch.zeros(network.widths[layer], device=stay.device, dtype=conv.weight.dtype).index_fill_(0, stay, 1)
        conv.weight.data.mul_(mask[:, None, None, None])
        conv.bias.data.mul_(mask)
        if layer + 1 < len(kept):
            network.convs[layer + 1].weight.data.mul_(mask[None, :, None, None])
        else:
            _grouped(network.head, network.widths[-1]).mul_(mask[None, :, None])


def shrunk(network: ConvNet, kept: Sequence[Tensor]) -> ConvNet:
    """The network without its pruned channels; the same function wherever they are silent."""
    small = like(network, [len(stay) for stay in kept])
    below: Tensor | slice = slice(None)
    for mine, theirs, stay in zip(small.convs, network.convs, kept, strict=True):
        mine.weight.data.copy_(theirs.weight.data[stay][:, below])
        mine.bias.data.copy_(theirs.bias.data[stay])
        below = stay
    small.head.weight.data.copy_(_grouped(network.head, network.widths[-1])[:, below].flatten(1))
    small.head.bias.data.copy_(network.head.bias.data)
    return small
