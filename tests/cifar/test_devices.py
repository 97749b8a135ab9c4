"""Freed memory stays with the process, so that a training step does not ask the kernel for it again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, resource, sys, torch
from cifar.devices import memory_kept
kept = memory_kept() if sys.argv[1] == "kept" else True
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
def step():
    tensors = [torch.ones(40_000_000, dtype=torch.uint8) for _ in range(3)]
for _ in range(20):
    step()
before = faults()
for _ in range(5):
    step()
print(json.dumps([kept, faults() - before]))
"""
PAGES = 5 * 3 * 40_000_000 // 4096  # what the tensors of five steps take


@pytest.mark.skipif(sys.platform != "linux" or os.confstr("CS_GNU_LIBC_VERSION") is None, reason="the wish is glibc's")
def test_tensors_of_one_size_are_asked_of_the_kernel_once():
    faults = {}
    for how in ("kept", "plain"):
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM, how], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
        )
        kept, faults[how] = json.loads(run.stdout)
        assert kept
    assert faults["kept"] < PAGES / 20 < faults["plain"], f"of {PAGES} pages"
