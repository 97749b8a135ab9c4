"""Machine code that is kept: in a folder named after its sources wherever that is, and never believed with a bit altered."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from twolayer.certify import compiled
from twolayer.study import tables

ROOT = Path(__file__).parents[3]
PROGRAM = """
import sys
from twolayer.certify import compiled
from twolayer.study import tables
{before}
sys.path.insert(0, {folder!r})
import loop
print(loop.total(10.0), *map(int, (sum(loop.total.stats.cache_hits.values()), sum(loop.total.stats.cache_misses.values()))))
print(compiled.CACHE)
"""
LOOP = """
from twolayer.certify.compiled import compiled

@compiled
def total(x):
    return x + 32.0
"""


def ran(folder: Path, cache: Path | None, before: str = "") -> list[str]:
    """What a process prints that compiles a loop: its value, hits and misses of the cache, and where that is."""
    folder.mkdir(exist_ok=True)
    (folder / "loop.py").write_text(LOOP)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment |= {} if cache is None else {"NUMBA_CACHE_DIR": str(cache)}
    code = PROGRAM.format(folder=str(folder), before=before)
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")[:2]


def test_the_cache_lies_where_it_is_told_to_in_a_folder_named_after_the_sources(tmp_path):
    cache = tmp_path / "cache"
    value, place = ran(tmp_path / "code", cache)
    assert value == "42.0 0 1" and place == str(cache / "twolayer" / compiled.FOLDER)
    assert ran(tmp_path / "code", cache)[0] == "42.0 1 0"


def test_where_the_code_lies_in_no_writable_folder_the_users_own_is_taken(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(compiled.settings, "CACHE_DIR", "")
    monkeypatch.setattr(compiled, "HERE", tmp_path / "file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "users"))
    assert next(filter(compiled._writable, compiled._places())) == tmp_path / "users" / "twolayer" / compiled.FOLDER
    monkeypatch.setattr(compiled.settings, "CACHE_DIR", str(tmp_path / "told"))
    assert list(compiled._places()) == [tmp_path / "told" / "twolayer" / compiled.FOLDER]


def test_where_the_user_has_no_folder_one_among_temporary_files_is_taken_if_nobody_else_writes_there(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr(compiled.settings, "CACHE_DIR", "")
    monkeypatch.setattr(compiled, "HERE", tmp_path / "file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(compiled.tempfile, "tempdir", str(tmp_path))
    folder = tmp_path / f"twolayer-{compiled.USER}"
    for _ in range(2):
        assert next(filter(compiled._writable, compiled._places())) == folder / compiled.FOLDER
    folder.chmod(0o770)  # another one may have left code there
    assert next(filter(compiled._writable, compiled._places()), None) is None
    (folder / compiled.FOLDER).rmdir()
    folder.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "elsewhere")
    assert next(filter(compiled._writable, compiled._places()), None) is None
    folder.unlink()
    folder.mkdir(mode=0o700)
    monkeypatch.setattr(compiled, "USER", compiled.USER + 1)
    folder.rename(tmp_path / f"twolayer-{compiled.USER}")
    assert next(filter(compiled._writable, compiled._places()), None) is None


def test_where_no_folder_takes_compiled_code_it_is_said(monkeypatch, capsys):
    monkeypatch.setattr(compiled, "CACHE", None)
    with tables.bars():
        pass
    assert capsys.readouterr().err == f"{tables.NOT_KEPT}\n"


def test_a_damaged_file_of_the_cache_is_compiled_anew_and_written_anew(tmp_path):
    cache = tmp_path / "cache"
    ran(tmp_path / "code", cache)
    for kind in ("nbi", "nbc"):
        (path,) = cache.rglob(f"*.{kind}")
        whole = path.read_bytes()
        path.write_bytes(whole[:10] if kind == "nbi" else whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
        assert ran(tmp_path / "code", cache)[0] == "42.0 0 1", kind
    assert ran(tmp_path / "code", cache)[0] == "42.0 1 0"


def test_no_altered_bit_of_a_file_is_believed(tmp_path):
    path = tmp_path / "x.1.nbc"
    files = compiled._Files(str(tmp_path), "x", "stamp")
    files.save("key", {"code": b"machine code"})
    whole = path.read_bytes()
    assert files.load("key") == {"code": b"machine code"}
    for bit in range(8 * len(whole)):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        path.write_bytes(altered)
        assert files.load("key") is None


def test_a_cache_that_takes_nothing_costs_a_compilation_and_no_more(tmp_path):
    full = "compiled._Files._save_data = lambda *_: (_ for _ in ()).throw(OSError(28, 'No space left on device'))"
    assert ran(tmp_path / "code", tmp_path / "cache", full)[0] == "42.0 0 1"


def test_when_compilation_began_is_known_to_other_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(compiled, "CACHE", tmp_path / "cache" / "twolayer" / compiled.FOLDER)
    assert compiled.begun() == 0
    ran(tmp_path / "code", tmp_path / "cache")
    first = compiled.begun()
    assert first > 0
    ran(tmp_path / "code", tmp_path / "cache")
    assert compiled.begun() == first, "what is kept is not compiled"
