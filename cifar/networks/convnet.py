"""The paper's convolutional networks, their exact zero-padding, and low-precision copies for the attack's inner loop.

3x3 kernels, stride 1, no padding, bias, ReLU, no pooling, no batch norm, a linear head on the channel-major
flattened map; the first operation is the normalisation of pixels in [0, 1].   Source: Section 5.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import skip_init

KERNEL = 3


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
        if x.requires_grad and torch.is_grad_enabled() and not any(each.requires_grad for each in self.parameters()):
            return _InputGradient.apply(x, self)
        return self.head(self.features(x)[-1].flatten(1)).to(x.dtype)


class _InputGradient(torch.autograd.Function):
    """A frozen network's logits, differentiated to the input alone: what an attack spends nearly all of its time on.

    The same operations in the same order as autograd's, so the same bits, with relu and its derivative in place, which
    saves an attack step on a CPU a twentieth of its time.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, network: ConvNet) -> Tensor:  # type: ignore[override]
        activation = ((x - network.mean) / network.std).to(network.head.weight.dtype)
        maps = [activation]
        for conv in network.convs:
            activation = conv(activation).relu_()
            maps.append(activation)
        ctx.save_for_backward(*maps)
        ctx.network, ctx.precision = network, x.dtype
        return network.head(activation.flatten(1)).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        maps, network = ctx.saved_tensors, ctx.network
        slope = (gradient.to(network.head.weight.dtype) @ network.head.weight).view(maps[-1].shape)
        slope = slope.contiguous(memory_format=torch.channels_last)  # as the maps are: mixed layouts cost a copy each time
        for below, above, conv in reversed(list(zip(maps[:-1], maps[1:], network.convs, strict=True))):
            torch.ops.aten.threshold_backward.grad_input(slope, above, 0, grad_input=slope)
            slope = torch.ops.aten.convolution_backward(
                slope, below, conv.weight, None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1, [True, False, False]
            )[0]
        return slope.to(ctx.precision) / network.std, None


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
