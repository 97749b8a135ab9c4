"""The pretended CUDA device refuses what a real one does: each fault is planted here once."""

from __future__ import annotations

import threading

import pytest
import torch

from .graph import RefusedError
from .pretended import pretending

HOST = torch.ones(3)
WAITING = {  # each waits for the device, and is refused while a graph is captured
    "a number is read": lambda x: float(x.sum()),
    "a question is asked": lambda x: bool((x > 0).all()),
    "two tensors are compared": lambda x: torch.equal(x, x),
    "places are looked for": lambda x: x.nonzero(),
    "a mask picks": lambda x: x[x > 0],
    "a mask is filled": lambda x: x.clone().index_put_((x > 0,), x.sum()),
    "a number is set in places": lambda x: x.clone().__setitem__(torch.arange(2, device=x.device), 1.0),
    "a number is sent": lambda x: torch.tensor(1.0, device="cuda"),
    "a list is sent": lambda x: torch.as_tensor([1.0], device="cuda"),
    "a tensor is sent": lambda x: HOST.to("cuda"),
    "a tensor is sent by its method": lambda x: HOST.cuda(),
    "a tensor of the host is copied in": lambda x: x.clone().copy_(HOST),
    "a tensor is fetched": lambda x: x.to("cpu"),
    "a tensor is fetched by its method": lambda x: x.cpu(),
    "a list is made": lambda x: x.tolist(),
    "a tensor of the host is overwritten": lambda x: torch.empty(3).copy_(x),
    "the whole device is waited for": lambda x: torch.cuda.synchronize(),
}
REFUSED = {  # at all times
    "a tensor of the host is added": lambda x: x + HOST,
    "indices are on the host": lambda x: x[torch.tensor([0, 1])],
    "a generator of the host draws": lambda x: torch.rand(3, device="cuda", generator=torch.Generator()),
    "a generator of the host draws in place": lambda x: x.clone().uniform_(generator=torch.Generator()),
}
CAPTURED = {  # while a graph is captured
    "a number of the host is frozen": lambda x: x + torch.tensor(1.0),
    "a generator is not registered": lambda x: torch.rand(3, device="cuda", generator=torch.Generator("cuda")),
}


@pytest.fixture
def device(monkeypatch):
    with pretending(monkeypatch) as pretended:
        yield pretended


def numbers() -> torch.Tensor:
    return torch.arange(1.0, 4.0).to("cuda")


def captured(function, *generators) -> torch.cuda.CUDAGraph:
    graph = torch.cuda.CUDAGraph()
    for generator in generators:
        graph.register_generator_state(generator)
    with torch.cuda.graph(graph):
        function()
    return graph


@pytest.mark.parametrize("fault", WAITING)
def test_what_waits_for_the_device_is_noted_and_refused_while_a_graph_is_captured(device, fault):
    x = numbers()
    device.reads.clear()
    WAITING[fault](x)
    assert len(device.reads) == 1
    with pytest.raises(RefusedError, match="waits|waiting"):
        captured(lambda: WAITING[fault](x))


@pytest.mark.parametrize("fault", REFUSED)
def test_what_a_device_refuses_is_refused_at_all_times(device, fault):
    x = numbers()
    with pytest.raises(RefusedError, match="host|generator"):
        REFUSED[fault](x)


@pytest.mark.parametrize("fault", CAPTURED)
def test_what_a_graph_would_freeze_is_refused_while_it_is_captured(device, fault):
    x = numbers()
    CAPTURED[fault](x)
    with pytest.raises(RefusedError, match="host|registered"):
        captured(lambda: CAPTURED[fault](x))


def test_draws_that_no_run_seeds_are_noted(device):
    torch.rand(3, device="cuda", generator=torch.Generator("cuda"))
    assert device.unseeded == []
    torch.rand(3, device="cuda")
    assert device.unseeded == ["aten.rand.default"]


def test_a_tensor_of_the_device_is_no_array(device):
    with pytest.raises(TypeError, match="can't convert cuda"):
        numbers().numpy()


def test_tensors_say_where_they_are_and_what_is_made_from_them_is_there_too(device):
    x = numbers()
    assert {
        y.device.type
        for y in (
            x,
            x + 1,
            x[1:],
            torch.zeros_like(x),
            x.new_ones(2),
            torch.where(x > 1, 0, x),
            torch.zeros(2, device=x.device),
            x.detach().double(),
        )
    } == {"cuda"}
    assert not x.cpu().is_cuda and HOST.device.type == "cpu"
    assert x.to("cuda").untyped_storage()._cdata == x.untyped_storage()._cdata


def test_a_capture_changes_nothing_and_a_replay_does_what_was_captured(device):
    x, total, generator = numbers(), torch.zeros((), device="cuda"), torch.Generator("cuda").manual_seed(1)
    before, made = generator.get_state(), []

    def step() -> None:
        made.append(x * 2 + torch.rand(3, device="cuda", generator=generator))
        total.add_(torch.where(made[-1] > 0, 1, made[-1]).sum())
        x.mul_(2)

    graph = captured(step, generator)
    assert x.tolist() == [1, 2, 3] and float(total) == 0 and torch.equal(generator.get_state(), before)
    assert made[0].isnan().all()
    x.fill_(5)
    graph.replay()
    drawn = torch.rand(3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(made[0].cpu(), 10 + drawn) and x.tolist() == [10, 10, 10]
    assert float(total) == 3 and not torch.equal(generator.get_state(), before)


def test_gradients_are_captured_like_everything_else(device):
    x = numbers().requires_grad_()
    made = []
    graph = captured(lambda: made.extend(torch.autograd.grad((x * x).sum(), x)))
    with torch.no_grad():
        x.fill_(4)
    graph.replay()
    assert made[0].tolist() == [8, 8, 8]


def test_a_replay_after_the_memory_it_reads_was_freed_is_refused(device):
    read, goal = [numbers()], torch.zeros(3, device="cuda")
    graph = captured(lambda: goal.copy_(read[0]))
    graph.replay()
    assert goal.tolist() == [1, 2, 3]
    read.clear()
    with pytest.raises(RefusedError, match=r"memory of a tensor \(3,\) that was freed"):
        graph.replay()


def test_adam_is_captured_only_if_it_was_told_so(device):
    for capturable in (False, True):
        weight = torch.nn.Parameter(numbers())
        weight.grad = torch.ones_like(weight)
        adam = torch.optim.Adam([weight], lr=torch.tensor(0.1, device="cuda"), fused=True, capturable=capturable)
        adam.step()
        if capturable:
            captured(adam.step).replay()
        else:
            with pytest.raises(RuntimeError, match="capturable is False"):
                captured(adam.step)


@pytest.mark.parametrize("kind", [torch.optim.Adam, torch.optim.SGD])
def test_a_fused_update_needs_its_rate_on_the_device_and_gradients_laid_out_like_weights(device, kind):
    weight = torch.nn.Parameter(torch.ones(2, 3, 4, 4, device="cuda").to(memory_format=torch.channels_last))
    weight.grad = torch.ones(2, 3, 4, 4, device="cuda")
    with pytest.raises(RefusedError, match="strides"):
        kind([weight], lr=torch.tensor(0.1, device="cuda"), fused=True).step()
    weight.grad = torch.ones_like(weight)
    kind([weight], lr=torch.tensor(0.1, device="cuda"), fused=True).step()
    with pytest.raises(RefusedError, match="learning rate on the host"):
        kind([weight], lr=0.1, fused=True).step()


def test_nothing_else_of_the_process_works_while_a_graph_is_captured(device):
    x, refused = numbers(), []

    def other(work) -> None:
        with device.within():
            try:
                work()
            except RefusedError as error:
                refused.append(str(error))

    def meanwhile() -> None:
        for work in (
            lambda: x + 1,
            lambda: x.cpu(),
            torch.cuda.synchronize,
            lambda: captured(lambda: x + 1),
            graph.replay,
            lambda: HOST + 1,
        ):
            thread = threading.Thread(target=other, args=(work,))
            thread.start()
            thread.join()

    graph = captured(lambda: x + 1)
    captured(meanwhile)
    assert len(refused) == 5


def test_the_default_stream_is_not_captured(device):
    with (
        pytest.raises(RefusedError, match="default stream"),
        torch.cuda.graph(torch.cuda.CUDAGraph(), stream=torch.cuda.current_stream()),
    ):
        pass
