"""Damaged certificates: proved for what they say, or refused in one line; never a traceback."""

from __future__ import annotations

import json
import random

from proofs.check import main as proved

from ...damage import damaged
from .fuzzer import BASES, certified


def test_a_damaged_certificate_is_proved_for_what_it_says_or_refused_in_one_line(tmp_path, capsys):
    make, trees = BASES["vertices, a copy"]
    whole, path, rng, refused = json.dumps(certified(make(), trees=trees)).encode(), tmp_path / "file.json", random.Random(9), 0
    path.write_bytes(whole)
    assert proved([str(path)]) == 0
    numbers = [line for line in capsys.readouterr().out.splitlines() if line.startswith("proved: ")]
    for _ in range(100):
        path.write_bytes(damaged(whole, rng))
        status = proved([str(path)])
        out, error = capsys.readouterr()
        refused += status
        assert status in (0, 1) and error.count("\n") == status and (status == 0 or out == "")
        assert status or len(out.splitlines()) <= len(numbers) + 3, "more is proved than stood there"
    assert 50 < refused < 100
