"""The paper's convolutional networks, their exact zero-padding, and low-precision copies for the attack's inner loop.

3x3 kernels, stride 1, no padding, bias, ReLU, no pooling, no batch norm, a linear head on the channel-major
flattened map; the first operation is the normalisation of pixels in [0, 1].

Pruning by fan-out: 64-64-64-64 to 45-32-32-20, one shot, fine-tuned with the masks held, then shrunk. The score of a channel is
the mean absolute weight that leaves it (the next layer's, or the head's); the paper calls the channels of small fan-out
inactivated.   Source: Section 5.1, footnote 3.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

KERNEL = 3
REMOVED = {4: (0.3, 0.5, 0.5, 0.7), 5: (0.3, 0.5, 0.5, 0.5, 0.7)}  # share of each layer's channels; 5 layers: our choice


def student_widths(teacher: Sequence[int], scale: float = 1.1) -> tuple[int, ...]:
    """Channels of a student, int(1.1 k + 0.5) for a teacher's k.   45-32-32-20 -> 50-35-35-22"""
    return tuple(int(scale * k + 0.5) for k in teacher)


class ConvNet(nn.Module):
    """A stack of valid 3x3 convolutions with ReLU and a linear head.

    widths: channels of each layer;  mean, std: of the three colours, in pixels of [0, 1];  size: of the image;
    generator: draws the initial weights; without one torch's global generator does.
    gain: kernels begin uniform within sqrt(gain/fan-in): 1 is torch's default law, 6 He's for ReLU; biases and the head
    begin within 1/sqrt(fan-in). The weights may be of lower precision than the input (see inner_copy).
    """

    mean: Tensor
    std: Tensor
    convs: Any  # an nn.ModuleList of nn.Conv2d; torch's stubs give its parts no types

    def __init__(
        self,
        widths: Sequence[int],
        *,
        classes: int = 10,
        mean: Sequence[float],
        std: Sequence[float],
        size: int = 32,
        generator: torch.Generator | None = None,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.widths, self.classes, self.size = tuple(widths), classes, size
        side = size - (KERNEL - 1) * len(self.widths)
        if not self.widths or min(self.widths) < 1 or side < 1:
            raise ValueError(f"widths must be 1 or more, one for each layer that fits {size} pixels; got {self.widths}")
        self.register_buffer("mean", torch.tensor(tuple(mean)).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(tuple(std)).view(1, -1, 1, 1))
        fan_in = (self.mean.shape[1], *self.widths[:-1])
        self.convs = nn.ModuleList(skip_init(nn.Conv2d, a, b, KERNEL) for a, b in zip(fan_in, self.widths, strict=True))
        self.head = skip_init(nn.Linear, self.widths[-1] * side * side, classes)
        for layer in (*self.convs, self.head):
            bound = layer.weight[0].numel() ** -0.5
            stretch = 1.0 if layer is self.head else gain**0.5
            for parameter, limit in ((layer.weight, stretch * bound), (layer.bias, bound)):
                nn.init.uniform_(parameter, -limit, limit, generator=generator)

    def features(self, x: Tensor) -> list[Tensor]:
        """Post-ReLU maps, one for each conv layer.   (N, 3, h, w) -> [(N, C, h', w')]"""
        activation = ((x - self.mean) / self.std).to(self.head.weight.dtype)
        maps = []
        for conv in self.convs:
            activation = torch.relu(conv(activation))
            maps.append(activation)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        """Logits in the input's precision.   (N, 3, h, w) of [0, 1] -> (N, classes)"""
        return self.head(self.features(x)[-1].flatten(1)).to(x.dtype)


def like(network: ConvNet, widths: Sequence[int]) -> ConvNet:
    """A network of other widths and undefined values, with the same colours, size, precision and device."""
    mean, std = (buffer.flatten().tolist() for buffer in (network.mean, network.std))
    fresh = ConvNet(widths, classes=network.classes, mean=mean, std=std, size=network.size, generator=torch.Generator())
    fresh.to(device=network.mean.device)
    for parameter, source in zip(fresh.parameters(), network.parameters(), strict=True):
        parameter.data = parameter.data.to(source.dtype)
    fresh.mean, fresh.std = network.mean.clone(), network.std.clone()
    return fresh


def _grouped(head: nn.Linear, channels: int) -> Tensor:
    """The head's weights as a view by channel and position.   (classes, C side side) -> (classes, C, side side)"""
    return head.weight.data.view(head.out_features, channels, -1)


def corner_views(wide: ConvNet, widths: Sequence[int]) -> list[Tensor]:
    """Views of the entries of a wide network that a narrow one has, in the order of its parameters."""
    fan_in = (wide.mean.shape[1], *widths[:-1])
    views = []
    for conv, below, width in zip(wide.convs, fan_in, widths, strict=True):
        views += [conv.weight.data[:width, :below], conv.bias.data[:width]]
    return [*views, _grouped(wide.head, wide.widths[-1])[:, : widths[-1]], wide.head.bias.data]


def copy_corner(source: ConvNet, views: Sequence[Tensor]) -> None:
    """Write a network's parameters into the views of a wider one; no host synchronisation."""
    for view, parameter in zip(views, source.parameters(), strict=True):
        view.copy_(parameter.data.view(view.shape))


def padded(network: ConvNet, multiple: int = 8) -> ConvNet:
    """The same function with widths rounded up to a multiple by channels that are zero throughout.

    Exact. The zero channels stay zero in training: their activation is 0, so that no gradient reaches their
    fan-out, and relu's derivative at 0 is 0, so that none reaches their fan-in; weight decay and momentum keep 0.
    """
    wide = like(network, tuple(-(-k // multiple) * multiple for k in network.widths))
    for parameter in wide.parameters():
        parameter.data.zero_()
    copy_corner(network, corner_views(wide, network.widths))
    return wide


def inner_copy(network: ConvNet, *, dtype: torch.dtype, multiple: int = 1) -> tuple[ConvNet, Callable[[], None]]:
    """A frozen copy for attacks, padded, of lower precision, channels last; and the function that refreshes it.

    Images, normalisation and logits stay in the input's precision; only convolutions and the head are lowered.
    """
    copy = padded(network, multiple).requires_grad_(False).eval()
    for parameter in copy.parameters():
        parameter.data = parameter.data.to(dtype)
    copy = copy.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    views = corner_views(copy, network.widths)
    return copy, lambda: copy_corner(network, views)


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
