"""The source archive holds the repository; the wheel, alone in an environment of its own, does what the README says.

The environment sees the packages of this one and nothing of the repository: no network, no other copy of the project.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from pathlib import Path

import pytest

pytest.importorskip("setuptools", minversion="77")
pytest.importorskip("proofs", reason="the wheel holds the checker too")

ROOT = Path(__file__).resolve().parents[1]
CORNER = ROOT / "examples" / "instances" / "theorem-2-corner.json"
MADE = {"PKG-INFO", "setup.cfg"}  # by setuptools, beside the archive's egg-info
ONE_NAME_EACH = ("theorem-b", "fan-out-seen-from-a-corner", "record-table")  # a lemma, a counterexample, a record
OFFLINE = ("--no-deps", "--no-index", "--disable-pip-version-check", "--quiet")


def run(*command: object, cwd: Path, **environment: str) -> str:
    """What a command prints; the test fails with all of it if the command does."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=kept | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def tracked() -> set[str]:
    """Files of the repository, or of an unpacked source archive, by their paths in it."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        return set(run("git", "ls-files", cwd=ROOT).splitlines())
    paths = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return {
        str(path) for path in paths if not re.search(r"(^|/)(\.(?!ci/)|__pycache__|build/|[\w-]*\.egg-info)", str(path))
    } - MADE


@dataclass(frozen=True)
class Installed:
    """A source archive unpacked, the wheel made from it, and the commands of an environment that has the wheel alone."""

    source: Path
    wheel: Path
    commands: Path

    def python(self, code: str, cwd: Path) -> str:
        return run(self.commands / "python", "-c", code, cwd=cwd)

    def command(self, line: str, cwd: Path) -> str:
        """A line as one types it where the environment's commands come first."""
        return run("sh", "-c", line, cwd=cwd, PATH=f"{self.commands}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Iterator[Installed]:
    place = tmp_path_factory.mktemp("wheel")
    for name in tracked():
        if (ROOT / name).exists():  # a file that is being deleted is still tracked
            (place / "copy" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / "copy" / name)
    run(sys.executable, "-c", f"from setuptools.build_meta import build_sdist; build_sdist({str(place)!r})", cwd=place / "copy")
    [archive] = place.glob("*.tar.gz")
    with tarfile.open(archive) as file:
        file.extractall(place, filter="data")
    source = place / archive.name.removesuffix(".tar.gz")
    pip = (sys.executable, "-m", "pip")
    run(*pip, "wheel", *OFFLINE, "--no-build-isolation", "-w", place, source, cwd=place)
    [wheel] = place.glob("*.whl")
    venv.create(place / "environment")
    python = place / "environment" / "bin" / "python"
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=place).strip())
    here = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    (site / "packages.pth").write_text("\n".join(here))  # their own .pth files, an editable install's among them, are not read
    run(*pip, "--python", python, "install", *OFFLINE, wheel, cwd=place)
    yield Installed(source, wheel, python.parent)


def test_the_source_archive_holds_every_file_of_the_repository(installed):
    held = {str(path.relative_to(installed.source)) for path in installed.source.rglob("*") if path.is_file()}
    held = {name for name in held if not re.match(r"build/|[\w-]*\.egg-info", name)} - MADE
    there = {name for name in tracked() if (ROOT / name).exists()}
    assert held == there - {".gitignore"}


def test_the_source_archive_tests_itself(installed):
    said = run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_readme.py", cwd=installed.source)
    assert re.search(r"\d+ passed", said) and "skipped" not in said


def test_the_wheel_holds_every_file_of_the_package_and_the_checker_under_a_name_of_its_own(installed):
    names = zipfile.ZipFile(installed.wheel).namelist()
    held = {name for name in names if ".dist-info/" not in name}
    wings = {name for name in tracked() if name.startswith(("twolayer/", "proofs/"))}
    kept_at_home = ("proofs/formal/", "proofs/search/", "proofs/README.md", "twolayer/README.md")
    assert held == {re.sub("^proofs/", "twolayer_proofs/", n) for n in wings if not n.startswith(kept_at_home)}
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"twolayer", "twolayer_proofs"}


def test_the_description_of_the_wheel_leads_to_no_file_that_it_lacks(installed):
    with zipfile.ZipFile(installed.wheel) as file:
        [metadata] = (name for name in file.namelist() if name.endswith("/METADATA"))
        text = message_from_bytes(file.read(metadata)).get_payload()
    assert "Six lines" in text and "Claims" in text and "how to cite (`CITATION.cff`)" in text and "`cifar/README.md`." in text
    assert not re.findall(r"\]\((?!\w+://)[^)]*\)|<img|src=", text)
    [picture] = re.findall(
        r"measured angle along training: `(\S+)` in the source archive\.\n\n\*Theorem 2 along training", text
    )
    assert (installed.source / picture).is_file()


def test_the_example_of_the_readme_prints_the_same_where_the_wheel_is_installed(installed, tmp_path):
    example = re.search(r"```python\n(.*?)```\n\n```\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    place = "import twolayer; print(twolayer.__file__)\n"
    first, _, rest = installed.python(place + example[1], tmp_path).partition("\n")
    assert rest == example[2] and Path(first).is_relative_to(installed.commands.parent)


def test_certify_names_a_command_that_proves_its_certificate_where_the_wheel_is_installed(installed, tmp_path):
    shutil.copy(CORNER, tmp_path / "corner.json")
    said = installed.command("twolayer certify corner.json -o 'its evidence.json'", tmp_path)
    told = re.search(r"check it with: (.*)", said)[1]
    proved = installed.command(told, tmp_path)
    assert " <= sup |g_1| <= " in proved and "theorem-2 printed fails" in proved
    alone = "import sys; sys.modules['twolayer'] = None; from twolayer_proofs.check import main; main(['its evidence.json'])"
    assert installed.python(alone, tmp_path) == proved


def test_the_installed_checker_has_every_proof_counterexample_and_record(installed, tmp_path):
    from proofs.commands import entries

    at_home = [entry.name for entry in entries() if not entry.coq]
    shown = "".join(f"main(['show', {name!r}]); " for name in ONE_NAME_EACH)
    code = f"from twolayer_proofs.commands import entries, main; print(*(e.name for e in entries())); {shown}"
    listed, *lines = installed.python(code, tmp_path).splitlines()
    assert listed.split() == at_home
    assert [name for name in ONE_NAME_EACH if any(line.startswith(f"{name}   (") for line in lines)] == [*ONE_NAME_EACH]
