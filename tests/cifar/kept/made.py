"""What is kept of the results of tiny runs, as fixtures of the tests of `keep` and of `kept`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from cifar.commands import main
from cifar.data import cifar10 as data
from cifar.report import figures
from cifar.runs import queue
from cifar.runs.world import shared_world

from .. import made, tiny_runs

PAINTED = figures.painted
RATE = 0.001  # of students; at that of the tiny runs some diverge on these images


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def size(folder: Path) -> int:
    return sum(map(len, contents(folder).values()))


def quick(panel, *beside):
    """Files of a panel without drawing it."""
    title = panel.title.encode()
    return {"svg": b'<svg width="1pt" height="1pt"><text>%s</text></svg>' % title, "png": title}


@pytest.fixture
def undrawn(monkeypatch):
    monkeypatch.setattr(figures, "painted", quick)


@pytest.fixture(scope="module")
def computed(tmp_path_factory):
    """Every tiny run on made images in the binary layout.   -> results, images"""
    root = tmp_path_factory.mktemp("computed")
    made.binary_folder(root / "data", each=tiny_runs.TEST)
    images, out, threads = data.load(root / "data"), root / "out", torch.get_num_threads()
    torch.set_num_threads(1)
    world = shared_world(out, images, torch.device("cpu"), commit="a" * 40)
    students = {name: run.altered(lr=RATE if run.role == "student" else run.lr) for name, run in tiny_runs.grid().items()}
    assert not queue.work_off(students, students, world, queue.Stop(), workers=1)
    torch.set_num_threads(threads)
    return out, root / "data"


@pytest.fixture(scope="module")
def whole(computed, tmp_path_factory):
    """What is kept of them."""
    folder = tmp_path_factory.mktemp("whole") / "kept"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(figures, "painted", quick)
        assert main(["keep", "--out", str(computed[0]), "--to", str(folder)]) == 0
    return folder


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole, tmp_path / "copy"))


FIXTURES = (computed, whole, copy, undrawn)  # a module of tests names them, so that pytest finds them there
