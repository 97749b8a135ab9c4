"""Networks of the paper: their shapes, exact padding, exact shrinking, pruning scores by hand."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from cifar.networks import convnet
from cifar.networks import convnet as networks
from cifar.networks.convnet import ConvNet, corner_views, inner_copy, padded, student_widths

from .. import made

# Sums in another order, in float64: a few hundred roundings of numbers of size one.
SUMMED_WITHIN = 1e-12
# bfloat16 keeps 8 bits: each of five layers errs by up to 2^-8 of its terms.
LOWERED_WITHIN = 0.05
REAL = made.real_images().pixels[:6].double() / 255


def double(widths: tuple[int, ...], seed: int = 0) -> ConvNet:
    return made.small_network(widths, seed).double()


def test_widths_are_those_of_the_paper():
    assert student_widths((45, 32, 32, 20)) == (50, 35, 35, 22)
    assert tuple(64 - int(share * 64) for share in convnet.REMOVED[4]) == (45, 32, 32, 20)
    assert tuple(64 - int(share * 64) for share in convnet.REMOVED[5]) == (45, 32, 32, 32, 20)


def test_four_layers_see_30_28_26_24_pixels_and_five_22():
    assert [m.shape[-1] for m in made.small_network((2, 3, 4, 5)).features(REAL.float())] == [30, 28, 26, 24]
    assert [m.shape[1] for m in made.small_network((2, 3, 4, 5, 6)).features(REAL.float())] == [2, 3, 4, 5, 6]
    assert made.small_network((2, 2, 2, 2, 2)).head.in_features == 2 * 22 * 22


def test_the_network_is_convolutions_relu_and_a_head_on_normalised_pixels():
    net = double((3, 2))
    x = (REAL - net.mean) / net.std
    for conv in net.convs:
        x = functional.conv2d(x, conv.weight, conv.bias).clamp(min=0)
    by_hand = functional.linear(x.reshape(6, -1), net.head.weight, net.head.bias)
    torch.testing.assert_close(net(REAL), by_hand, rtol=0, atol=1e-14)


def test_features_do_not_depend_on_the_memory_layout():
    net = double((3, 4))
    before = net(REAL)
    after = net.to(memory_format=torch.channels_last)(REAL.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(before, after, rtol=0, atol=SUMMED_WITHIN)


def test_weights_come_from_the_generator_alone():
    torch.manual_seed(1)
    first = made.small_network()
    torch.manual_seed(2)
    state = torch.get_rng_state()
    second = made.small_network()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))
    assert not torch.equal(first.head.weight, made.small_network(seed=1).head.weight)
    assert first.convs[1].weight.abs().max() <= (5 * 9) ** -0.5


def test_a_gain_stretches_the_kernels_that_would_have_been_drawn_and_nothing_else():
    plain, wide = made.small_network(), made.small_network(gain=6.0)
    for one, other in zip(plain.convs, wide.convs, strict=True):
        torch.testing.assert_close(other.weight, one.weight * 6**0.5)
        assert torch.equal(other.bias, one.bias)
    assert torch.equal(plain.head.weight, wide.head.weight) and torch.equal(plain.head.bias, wide.head.bias)


@pytest.mark.parametrize("widths", [(), (0,), (2,) * 16])
def test_impossible_widths_are_refused(widths):
    with pytest.raises(ValueError, match="widths must be 1 or more, one for each layer that fits 32 pixels"):
        ConvNet(widths, **made.COLOURS)


@pytest.mark.parametrize(("widths", "multiple"), [((5, 4, 3), 8), ((8, 16), 8), ((3, 9, 1), 4)])
def test_zero_padding_is_the_same_function(widths, multiple):
    net = double(widths)
    wide = padded(net, multiple)
    assert all(k % multiple == 0 and 0 <= k - small < multiple for k, small in zip(wide.widths, widths, strict=True))
    torch.testing.assert_close(wide(REAL), net(REAL), rtol=0, atol=SUMMED_WITHIN)
    corner = zip(corner_views(wide, widths), net.parameters(), strict=True)
    assert all(torch.equal(view.reshape(parameter.shape), parameter) for view, parameter in corner)


@pytest.mark.parametrize(
    "optimiser",
    [lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=5e-4), lambda p: torch.optim.Adam(p, lr=1e-3)],
)
def test_padded_channels_stay_exactly_zero_in_training_and_the_rest_trains_as_without_them(optimiser):
    net = double((5, 4, 3))
    wide = padded(net, 8)
    for trained in (net, wide):
        rule = optimiser(trained.parameters())
        for _ in range(5):
            rule.zero_grad()
            trained(REAL).square().sum().backward()
            rule.step()
    views = networks.corner_views(wide, net.widths)
    for view, parameter in zip(views, net.parameters(), strict=True):
        torch.testing.assert_close(view.reshape(parameter.shape), parameter.data, rtol=1e-9, atol=1e-9)
        view.zero_()
    assert all(not parameter.any() for parameter in wide.parameters())


def test_an_inner_copy_follows_its_network_and_answers_in_the_inputs_precision():
    net = made.small_network()
    copy, refresh = inner_copy(net, dtype=torch.bfloat16, multiple=8)
    x = REAL.float()
    assert copy(x).dtype == torch.float32 and copy.head.weight.dtype == torch.bfloat16 and copy.mean.dtype == torch.float32
    assert (copy(x) - net(x)).abs().max() <= LOWERED_WITHIN * net(x).abs().max()
    assert not any(parameter.requires_grad for parameter in copy.parameters())
    addresses = [parameter.data_ptr() for parameter in copy.parameters()]
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.mul_(2)
    refresh()
    assert (copy(x) - net(x)).abs().max() <= LOWERED_WITHIN * net(x).abs().max()
    assert addresses == [parameter.data_ptr() for parameter in copy.parameters()]  # a captured graph keeps these


def test_an_inner_copy_of_full_precision_is_exact():
    net = made.small_network().double()
    copy, _ = inner_copy(net, dtype=torch.float64, multiple=4)
    torch.testing.assert_close(copy(REAL), net(REAL), rtol=0, atol=SUMMED_WITHIN)


def test_fan_out_scores_are_mean_absolute_weights_to_the_next_layer():
    net = double((2, 3), seed=1)
    first, second = convnet.fan_out_scores(net)
    by_hand = [net.convs[1].weight[:, k].abs().mean().item() for k in range(2)]
    side = 28 * 28
    head = [net.head.weight[:, k * side : (k + 1) * side].abs().mean().item() for k in range(3)]
    assert first.tolist() == pytest.approx(by_hand) and second.tolist() == pytest.approx(head)


def test_pruning_keeps_the_channels_of_largest_fan_out_in_order():
    net = double((14, 9), seed=2)
    scores = convnet.fan_out_scores(net)
    kept = convnet.kept_channels(net, (0.5, 0.4))
    assert [len(stay) for stay in kept] == [7, 6]
    for stay, score in zip(kept, scores, strict=True):
        gone = sorted(set(range(len(score))) - set(stay.tolist()))
        assert stay.tolist() == sorted(stay.tolist()) and score[stay].min() > score[gone].max()


@pytest.mark.parametrize("removed", [(0.5,), (0.5, 1.0), (0.5, -0.1)])
def test_shares_that_cannot_be_removed_are_refused(removed):
    with pytest.raises(ValueError, match="one removed share in"):
        convnet.kept_channels(double((4, 3)), removed)


def test_shrinking_a_silenced_network_changes_no_output():
    net = double((6, 5, 4), seed=3)
    kept = convnet.kept_channels(net, (0.4, 0.5, 0.5))
    before_silence = net(REAL)
    convnet.silence(net, kept)
    small = convnet.shrunk(net, kept)
    assert small.widths == (4, 3, 2)
    torch.testing.assert_close(small(REAL), net(REAL), rtol=0, atol=SUMMED_WITHIN)
    assert (before_silence - net(REAL)).abs().max() > 1e-3  # the channels mattered


def test_the_heads_weights_are_grouped_by_channel():
    net = double((2, 3), seed=4)
    kept = [torch.tensor([0, 1]), torch.tensor([0, 2])]
    side = 28 * 28
    expected = torch.cat([net.head.weight[:, :side], net.head.weight[:, 2 * side :]], 1)
    assert torch.equal(convnet.shrunk(net, kept).head.weight, expected)


def test_the_masks_hold_through_training_and_equal_training_of_the_shrunk_network():
    net = double((6, 5), seed=5)
    kept = convnet.kept_channels(net, (0.4, 0.5))
    convnet.silence(net, kept)
    small = convnet.shrunk(net, kept)
    for trained, hold in ((net, True), (small, False)):
        rule = torch.optim.SGD(trained.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
        for _ in range(5):
            rule.zero_grad()
            trained(REAL).square().sum().backward()
            rule.step()
            if hold:
                convnet.silence(net, kept)
    after = convnet.shrunk(net, kept)
    torch.testing.assert_close(after(REAL), small(REAL), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(net(REAL), small(REAL), rtol=1e-9, atol=1e-9)


def test_silence_undoes_whatever_an_optimiser_did_to_pruned_channels():
    net = double((4, 3), seed=6)
    kept = convnet.kept_channels(net, (0.5, 0.4))
    convnet.silence(net, kept)
    quiet = {name: value.clone() for name, value in net.state_dict().items()}
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(1)
    convnet.silence(net, kept)
    for name, value in net.state_dict().items():
        moved = value - quiet[name]
        assert ((moved == 0) | torch.isclose(moved, torch.ones_like(moved))).all()
        if name in ("convs.0.weight", "convs.0.bias"):
            gone = sorted(set(range(4)) - set(kept[0].tolist()))
            assert not value[gone].any()
    assert not net.convs[1].weight[:, gone].any()
    assert not convnet._grouped(net.head, 3)[:, sorted(set(range(3)) - set(kept[1].tolist()))].any()
