"""The engine of fused attacks in its places: what it takes, training, evaluation, runs, and when it is not used."""

from __future__ import annotations

import ctypes
import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from cifar import devices, engines, fused, probe
from cifar.attacks.ascent import pgd
from cifar.attacks.balls import Linf
from cifar.attacks.objectives import Objective, OracleWatch, logit_distance, margin
from cifar.attacks.table import EPS
from cifar.measures import robustness as evaluation
from cifar.runs import paths as places
from cifar.runs import queue
from cifar.training import step as training

from . import cuda_emulator
from .cifar import made, tiny_runs
from .test_cifar_fused import HALF_PRECISION, LOGITS_WITHIN, STEP, away, images, pair, replace_launch

pytestmark = cuda_emulator.NO_COMPILER
ran = subprocess.run
LEARNED_WITHIN = 2 * HALF_PRECISION  # two updates on images that signs of gradients have moved
MODES = {
    "oracle": {"examples": "oracle"},
    "in-plane": {"examples": "in-plane"},
    "data": {"examples": "data"},
    "data, label": {"examples": "data", "loss": "label", "target": "clean"},
    "calibrated": {"examples": "calibrated", "loss": "label", "rho": 5.0},
}


def test_an_engine_takes_objectives_of_its_own_networks_alone():
    student, teacher = pair()
    other, _ = pair()
    engine = cuda_emulator.engine(student, teacher)
    assert engine.takes(logit_distance(student, teacher)) and engine.takes(logit_distance(student, teacher), OracleWatch(0, 1))
    refused = [
        logit_distance(teacher, student),
        logit_distance(other, teacher),
        margin(other, teacher),
        logit_distance(student, teacher).observing(other),
        margin(teacher, torch.zeros(1, dtype=torch.long)),
        Objective((student, teacher), lambda s, t: (s * t).sum(1)),
        lambda x: x.flatten(1).sum(1),
    ]
    assert not any(engine.takes(objective) for objective in refused)
    assert not engine.takes(logit_distance(student, teacher), lambda s, t: s[:, 0])
    assert not engine.takes(logit_distance(student, teacher), OracleWatch(1, 0))
    assert engine.known_as(other, teacher).takes(logit_distance(other, teacher)) and engine.names == (student, teacher)


def test_what_an_engine_does_not_take_goes_the_usual_way():
    student, teacher = pair()
    other, _ = pair()
    engine, x = cuda_emulator.engine(student, teacher), images(2)
    engine.launch = None
    objective = logit_distance(other, teacher)
    found = pgd(objective, x, Linf(EPS), step=STEP, steps=2, start=False, engine=engine)
    assert torch.equal(found.last, pgd(objective, x, Linf(EPS), step=STEP, steps=2, start=False).last)


def test_a_student_that_has_learned_is_attacked_as_it_is_after_a_refresh():
    student, teacher = pair()
    engine, x = cuda_emulator.engine(student, teacher), images(2)
    before = engine.look(logit_distance(student, teacher), x)[0][0]
    addresses = [packed.weights.data_ptr() for packed in engine.packed]
    with torch.no_grad():
        for parameter in student.parameters():
            parameter.mul_(1.5)
    assert torch.equal(engine.look(logit_distance(student, teacher), x)[0][0], before)
    engine.refresh()
    after = engine.look(logit_distance(student, teacher), x)[0][0]
    assert (after - student(x)).abs().max() < LOGITS_WITHIN < (after - before).abs().max()
    assert [packed.weights.data_ptr() for packed in engine.packed] == addresses


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_of_training_attacks_with_the_kernel_and_learns_as_with_copies(mode):
    settings = made.tiny(inner="bfloat16", **MODES[mode])
    cifar, launched = made.made_cifar(24, 4), []

    def learned(engines):
        student, teacher = made.small_network((5, 4), 1), made.small_network((6, 5), 2).requires_grad_(False)
        state = training.begin(settings, student)
        buffers = training.buffers_for(settings, cifar.train, teacher)
        plane = made.the_plane()[0]
        step = training.make_step(settings, state, buffers, teacher, plane, engine=engines(student, teacher))
        buffers.index.copy_(torch.arange(6))
        before = student.head.bias.detach().clone()
        step(), step()
        return float(state.total), student.head.bias.detach() - before

    def spied(student, teacher):
        return replace_launch(cuda_emulator.engine(student, teacher), launched)

    loss, moved = learned(spied)
    plain_loss, plain_moved = learned(fused.no_engine)
    runs = 2 if mode == "in-plane" else 1
    assert [arguments.steps for arguments in launched] == [settings.steps] * 2 * runs
    assert loss == pytest.approx(plain_loss, rel=0.05) and away(moved, plain_moved) < LEARNED_WITHIN


def test_evaluation_counts_with_the_kernel_what_it_counts_with_copies():
    student, teacher = made.small_network((5, 4), 1), made.small_network((6, 5), 2)
    x, launched = made.made_images(6).pixels, []
    engine = replace_launch(cuda_emulator.engine(student, teacher), launched)
    names = ("linf", "l2", "l1", "fgsm", "cw", "cw-label", "data", "in-plane")
    plane = made.the_plane()[1]
    how = {"attacks": names, "repeats": 1, "batch": 6, "inner": torch.bfloat16, "steps": 2, "plane": plane}
    found = evaluation.evaluate(student, teacher, None, x, engine=engine, **how)
    plain = evaluation.evaluate(student, teacher, None, x, **how)
    # linf, cw, cw-label, data once, fgsm once, in-plane twice; a gradient for each step of l1 and l2
    assert len(launched) == 4 + 1 + 2 + 2 * 2 and {arguments.networks for arguments in launched} == {2}
    for name in names:
        for rule in evaluation.RULES:
            assert abs(found[name][rule]["mean"] - plain[name][rule]["mean"]) <= 100 / 6 + 1e-9, (name, rule)


def test_a_wrong_kernel_is_found_out_before_it_is_used():
    student, teacher = pair()
    engine = cuda_emulator.engine(student, teacher)
    found = engines.distances(engine)
    assert engines.agrees(found)
    for kernel, copies in found.values():
        assert 0 < copies < HALF_PRECISION and kernel == pytest.approx(copies, rel=0.5)
    engine.packed[1].weights.neg_()
    wrong = engines.distances(engine)
    assert not engines.agrees(wrong) and not engines.agrees({"distance": wrong["distance"]})
    engine.packed[0].numbers.fill_(float("nan"))
    assert engines.distances(engine)["margin"][0] == float("inf")


def test_a_run_attacks_with_its_world_s_engine_in_training_and_evaluation_and_says_so(tmp_path):
    grid, used = tiny_runs.grid(), []

    def engines(student, teacher):
        used.append((student.widths, teacher.widths))
        return cuda_emulator.engine(student, teacher)

    names = ("teacher", "pruned", "at")
    grid["at"] = grid["at"].altered(
        images=16, checkpoints=((150, 1),), attacks=((150, ("linf",)),), surrogate="", test_images=4, eval_inner="bfloat16"
    )
    stop = queue.Stop()
    world = replace(tiny_runs.world(tmp_path, stop), engines=engines)
    assert queue.work_off({name: grid[name] for name in names}, grid, world, stop, workers=1) == []
    teacher = places.load_network(tmp_path / "runs/pruned/epoch-1.pt", torch.device("cpu")).widths
    assert used == [((5, 4), teacher)] * 2  # once for the run, once for its checkpoint
    timing = {name: json.loads(next((tmp_path / "runs" / name).glob("*.time.json")).read_text()) for name in names}
    assert [timing[name]["engine"] for name in names] == ["torch", "torch", "fused kernel, 2 warps"]


def test_a_device_without_the_kernel_is_said_once_and_torch_goes_on(monkeypatch, capsys):
    student, teacher = pair()
    asked = []

    def probed(*widths):
        asked.append(widths)
        raise devices.DeviceError("no compiler")

    monkeypatch.setattr(engines, "probed", probed)
    engine = engines.on(torch.device("cuda"))
    assert engine(student, teacher) is None and engine(student, teacher) is None and asked == [((9, 17), (5, 12))]
    assert capsys.readouterr().err == "cifar: attacks on (9, 17) without the fused kernel: no compiler\n"
    with pytest.raises(devices.DeviceError, match="no compiler"):
        engines.on(torch.device("cuda"), must=True)(student, teacher)


def test_a_kernel_that_fails_its_check_is_not_used(monkeypatch, capsys):
    student, teacher = pair()
    shape = fused.Shape((student.widths, teacher.widths), 10, warps=2)
    right = cuda_emulator.launcher(shape)

    def wrong(arguments, blocks):
        arguments.weights[1] = arguments.weights[0]
        right(arguments, blocks)

    monkeypatch.setattr(engines, "probed", lambda *widths: 2)
    monkeypatch.setattr(engines, "_launched", lambda *networks: (shape, right))
    assert isinstance(engines.on(torch.device("cuda"))(student, teacher), fused.Engine)
    monkeypatch.setattr(engines, "_launched", lambda *networks: (shape, wrong))
    assert engines.on(torch.device("cuda"))(student, teacher) is None
    assert "its gradients are not float32's" in capsys.readouterr().err


def test_a_check_of_its_own_process_that_ends_badly_says_how(monkeypatch):
    for command, words in (
        ("raise SystemExit('cifar: why')", "ended with status 1: cifar: why$"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "ended with status -11: no word of why"),
        ("import time; time.sleep(60)", "took over 1 s"),
    ):
        monkeypatch.setattr(engines, "LONGEST", 1.0 if "sleep" in command else 60.0)
        monkeypatch.setattr(subprocess, "run", lambda given, c=command, **how: ran([sys.executable, "-c", c], **how))
        with pytest.raises(devices.DeviceError, match=words):
            engines.probed((9, 17), (5, 12))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU")
def test_the_check_is_a_command_that_needs_a_gpu():
    with pytest.raises(devices.DeviceError, match="status 1: cifar: needs a CUDA device"):
        engines.probed((9, 17), (5, 12))


def test_the_check_looks_at_what_an_ascent_reaches_and_says():
    engine = cuda_emulator.engine(*pair())
    assert probe.ascent_from_torch(engine) < probe.SAME_LOSS_WITHIN

    def lying(arguments, blocks):
        engine.launch(arguments, blocks)
        ctypes.memset(arguments.best_loss, 0, 4 * blocks)

    def lazy(arguments, blocks):
        arguments.steps = 1
        engine.launch(arguments, blocks)

    found = []
    for launch in (lying, lazy):
        other = engine.known_as(*engine.names)
        other.launch = launch
        found.append(probe.ascent_from_torch(other))
    assert found[0] == float("inf") and found[1] > probe.SAME_LOSS_WITHIN


def test_the_check_tells_the_fastest_number_of_warps_that_is_right(monkeypatch, capsys):
    seconds = {8: 1.0, 12: 3.0, 16: 2.0}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.nn.Module, "to", lambda self, *_: self)
    monkeypatch.setattr(engines, "machine_code", lambda *_: b"")
    monkeypatch.setattr(engines, "made", lambda device, student, teacher, warps: warps)
    monkeypatch.setattr(probe, "looked_at", lambda warps: {"seconds": seconds[warps], "right": warps != 8})
    assert probe.main(["9,17", "5,12"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)["warps"] == 16
    asked = []
    done = subprocess.CompletedProcess([], 0, printed)
    monkeypatch.setattr(subprocess, "run", lambda command, **_: asked.append(command) or done)
    assert engines.probed((1, 2), (3, 4)) == 16 == engines.probed((1, 2), (3, 4))
    assert len(asked) == 1 and asked[0][1:] == ["-m", "cifar.probe", "1,2", "3,4"]
    monkeypatch.setattr(probe, "looked_at", lambda warps: {"seconds": 1.0, "right": False})
    assert probe.main(["9,17", "5,12"]) == 1
    assert "cifar: it is wrong: " in capsys.readouterr().err


def test_a_look_at_a_kernel_finds_it_right_or_wrong_and_times_it(monkeypatch):
    monkeypatch.setattr(probe, "TIMED_IMAGES", 2)
    monkeypatch.setattr(probe, "TIMED", 2)
    engine = cuda_emulator.engine(*pair())
    found = probe.looked_at(engine)
    assert found["right"] and found["seconds"] > 0
    engine.packed[1].weights.neg_()
    assert not probe.looked_at(engine)["right"]
