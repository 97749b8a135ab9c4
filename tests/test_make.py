"""make refuses a Python that it cannot use in one line, and leaves nothing behind."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).resolve().parents[1] / "Makefile"
TOO_OLD = "#!/bin/sh\nexit 1\n"
MAKES_NO_ENVIRONMENT = """#!/bin/sh
case "$1" in
  -m) mkdir "$3"; echo "ensurepip is not available"; exit 1;;
esac
"""


@pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")
@pytest.mark.parametrize(
    ("python", "said"),
    [
        (None, "make needs Python 3.11 to 3.14; got ./python"),
        (TOO_OLD, "make needs Python 3.11 to 3.14; got ./python"),
        (MAKES_NO_ENVIRONMENT, "ensurepip is not available"),
    ],
    ids=["missing", "too old", "without ensurepip"],
)
@pytest.mark.parametrize("goal", ["verify", "test", "quick"])
def test_a_wrong_python_leaves_nothing_behind(goal, python, said, tmp_path):
    shutil.copy(MAKEFILE, tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    if python is not None:
        (tmp_path / "python").write_text(python)
        (tmp_path / "python").chmod(0o755)
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(["make", goal, "PYTHON=./python"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and said in done.stdout
    assert sorted(tmp_path.iterdir()) == before


def test_an_environment_that_was_there_is_kept(tmp_path):
    shutil.copy(MAKEFILE, tmp_path)
    (tmp_path / "python").write_text(MAKES_NO_ENVIRONMENT)
    (tmp_path / "python").chmod(0o755)
    (tmp_path / "mine").mkdir()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    assert subprocess.run(["make", "verify", "PYTHON=./python", "VENV=mine"], cwd=tmp_path, capture_output=True).returncode == 2
    assert (tmp_path / "mine").is_dir()
