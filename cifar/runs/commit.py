"""Which commit of the code computed a result: that of the git checkout from which cifar was imported."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent
CODE = ("cifar", "twolayer")  # what a result depends on; changed results or notes do not make a checkout dirty
DIRTY = "-dirty"
PATIENCE = 20  # seconds for git, on a busy machine


def commit(package: Path = PACKAGE) -> str | None:
    """The checkout's HEAD, "-dirty" behind it where the code differs; None where there is no checkout, or no git.

    A package that was copied into somebody else's checkout does not belong to that: git must know its files.
    """
    if _git(package, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    head = _git(package, "rev-parse", "HEAD")
    changed = _git(package.parent, "status", "--porcelain", "--", *CODE)
    if head is None or changed is None:
        return None
    return head + (DIRTY if changed else "")


def _git(folder: Path, *arguments: str) -> str | None:
    """What git prints, in that folder and whatever repository the environment names; None where it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        command = ["git", "--no-optional-locks", "-C", str(folder), *arguments]
        answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None
