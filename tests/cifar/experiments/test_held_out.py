"""Images held out of training: which they are, that nothing else is measured on, and what an attack counts on them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from cifar import files as state
from cifar.data import cifar10 as data
from cifar.data.cifar10 import Cifar10, Images
from cifar.errors import BadInput
from cifar.experiments import held_out as heldout
from cifar.experiments import search
from cifar.runs import paths as places
from cifar.runs.world import shared_world

from .. import made
from .. import tiny_search as tiny
from ..tiny_search import APART, FIRST, MADE, TEST, TRAIN, command, content


@pytest.fixture(scope="module")
def scaled():
    with tiny.scaled():
        yield


@pytest.fixture(scope="module")
def whole(scaled, tmp_path_factory) -> Path:
    """A directory with a search that nothing interrupted."""
    out = tmp_path_factory.mktemp("whole")
    assert command(out) == 0
    return out


@pytest.fixture(scope="module")
def stored(whole):
    return json.loads((whole / "search.json").read_text())


def replaced(**parts: Images) -> Callable[..., Cifar10]:
    return lambda *_, **__: dataclasses.replace(MADE, **parts)


def test_the_images_held_out_are_the_last_training_images_and_no_test_image_is_among_them():
    apart = heldout.held_out(MADE, APART)
    assert torch.equal(torch.cat([apart.train.pixels, apart.test.pixels]), MADE.train.pixels)
    assert torch.equal(torch.cat([apart.train.labels, apart.test.labels]), MADE.train.labels)
    assert len(apart.test.labels) == APART and apart.source == MADE.source
    assert len({MADE.digest, apart.digest, heldout.held_out(MADE, APART + 1).digest}) == 3


@pytest.mark.parametrize("count", [0, TRAIN, TRAIN + 1])
def test_neither_none_nor_all_images_can_be_held_out(count):
    with pytest.raises(ValueError, match=f"{count} images cannot be held out of {TRAIN} training images"):
        heldout.held_out(MADE, count)


def test_the_test_images_change_no_byte(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(data, "load", replaced(test=made.made_images(TEST, 99)))
    assert command(tmp_path) == 0
    assert content(tmp_path) == content(whole)


def test_the_images_held_out_change_what_is_measured_and_no_weight(whole, tmp_path, monkeypatch):
    others = made.made_images(APART, 99)
    pixels, labels = (
        torch.cat([mine[:-APART], new])
        for mine, new in ((MADE.train.pixels, others.pixels), (MADE.train.labels, others.labels))
    )
    monkeypatch.setattr(data, "load", replaced(train=Images(pixels, labels)))
    assert command(tmp_path) == 0
    before, after = content(whole), content(tmp_path)
    students = [search.student(candidate, kind) for candidate in FIRST for kind in search.KINDS]
    for run in ("search-teacher", "search-pruned", *students):
        assert after[f"search/runs/{run}/epoch-1.pt"] == before[f"search/runs/{run}/epoch-1.pt"]
        assert after[f"search/runs/{run}/epoch-1.json"] != before[f"search/runs/{run}/epoch-1.json"]
    attacked = f"search/runs/{students[1]}/attacked.json"
    assert after[attacked] != before[attacked]


@pytest.fixture
def copied(whole, tmp_path):
    """An AT student whose weights are its teacher's: its settings, and what measures it."""
    grid, at = search.grid("demo", FIRST), search.student(FIRST[0], "at")
    for run in ("search-pruned", at):
        weights = (whole / "search/runs/search-pruned/epoch-1.pt").read_bytes()
        state.write_atomic(places.weights_path(tmp_path, run, 1), weights)
    world = shared_world(tmp_path, heldout.held_out(MADE, APART), torch.device("cpu"))
    return at, lambda: heldout.measure_attacked(grid[at], grid, world)


def test_a_student_like_its_teacher_has_no_distance_however_it_is_attacked(copied, tmp_path):
    at, measure = copied
    assert measure()
    found = json.loads(heldout.attacked_path(tmp_path, at).read_text())
    assert found == {"images": APART, "agreement": 1.0, "logit_distance": 0.0}


def test_an_attack_raises_the_distance_of_every_student_and_scores_are_square_roots_of_products(stored):
    both = [trial for trial in stored["trials"] if not trial["long"]]
    assert len(both) >= 6
    for trial in both:
        clean, attacked = trial["at"]["clean"]["logit_distance"], trial["at"]["attacked"]["logit_distance"]
        assert attacked > clean > 0 and trial["at"]["attacked"]["images"] == APART
        assert trial["score"] ** 2 == pytest.approx(trial["st"]["clean"]["logit_distance"] * attacked)


def test_images_are_attacked_on_the_device_where_the_networks_are(copied, monkeypatch):
    (_, measure), seen, real = copied, [], heldout.as_pixels
    monkeypatch.setattr(heldout, "as_pixels", lambda images, device=None: seen.append(device) or real(images))
    assert measure() and set(seen) == {torch.device("cpu")}


def test_batches_are_added_up_in_the_order_of_the_images_whatever_their_order_in_a_file(copied, tmp_path):
    at, measure = copied
    parts = {"10": [1, 2.0**53], "5": [2, 1.0], "15": [0, 0.0], "0": [3, 1.0]}
    state.save_json(tmp_path / "state" / f"{at}.attacked.json", {"sums": parts, "seconds": 2.5})
    assert measure()
    found = json.loads(heldout.attacked_path(tmp_path, at).read_text())
    assert found == {"images": APART, "agreement": 6 / APART, "logit_distance": (2.0**53 + 2) / APART}  # 2^53 + 1 is 2^53
    assert json.loads(heldout.attacked_path(tmp_path, at).with_suffix(".time.json").read_text()) == {"seconds": 2.5}


@pytest.mark.parametrize("damaged", [b"[]", b'{"sums": {"0": [1]}, "seconds": 0}', b'{"sums": {}}', b"rubbish"])
def test_sums_of_an_attack_that_are_damaged_are_one_clear_line(copied, tmp_path, damaged):
    at, measure = copied
    state.write_atomic(tmp_path / "state" / f"{at}.attacked.json", damaged)
    with pytest.raises(BadInput, match=r"attacked\.json .*; delete it"):
        measure()
