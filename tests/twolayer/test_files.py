"""Files: one reader of JSON that every other reader would agree with; what is written is whole or not there."""

from __future__ import annotations

import json
import os
import stat
import threading

import pytest

from twolayer import BadInput, files

REFUSED = {
    "NaN": '{"a": NaN}',
    "infinity": '{"a": -Infinity}',
    "a key twice": '{"a": 1, "b": {"c": 1, "c": 2}}',
    "half a surrogate pair": '{"a": "\\ud83d"}',
    "too deep": "[" * 65 + "]" * 65,
    "far too deep": "[" * 100_000,
    "an integer of 5000 digits": "[" + "1" * 5000 + "]",
    "nothing": "",
    "two values": "1 2",
    "a control character in a string": '"\x1b"',
}


@pytest.mark.parametrize("kind", REFUSED)
def test_json_that_readers_may_read_differently_is_refused_in_one_line(kind):
    with pytest.raises(BadInput) as refused:
        files.parsed(REFUSED[kind], "a table")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ('\ufeff{"a": 1}', {"a": 1}),
        ("[" * 64 + "]" * 64, json.loads("[" * 64 + "]" * 64)),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("1" * 400, int("1" * 400)),
    ],
)
def test_what_every_reader_reads_alike_is_read(written, value):
    assert files.parsed(written, "a table") == value


@pytest.mark.parametrize(
    ("x", "number"), [(1, True), (1.5, True), (10**400, False), (float("inf"), False), (True, False), ("1", False)]
)
def test_a_number_is_one_that_a_float_can_hold(x, number):
    assert files.is_number(x) is number


def test_a_file_is_read_as_utf_8_up_to_a_size(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbf{}")
    assert files.text(path) == "{}"
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(BadInput, match="UTF-8"):
        files.text(path)
    monkeypatch.setattr(files, "MOST_BYTES", 3)
    with pytest.raises(BadInput, match="at most"):
        files.text(path.with_name("file")) if path.write_bytes(b"1234") else None
    for absent in (tmp_path, tmp_path / "absent", "nul\0name"):
        with pytest.raises(BadInput):
            files.content(absent)


def test_an_altered_bit_of_a_sealed_file_is_noticed():
    whole = files.sealed({"gap": 1e-3, "rows": [{"fails": 0, "statement": "theorem-1"}]})
    assert files.unsealed(whole.decode(), "a cell") == {"gap": 1e-3, "rows": [{"fails": 0, "statement": "theorem-1"}]}
    for bit in range(8 * len(whole)):
        altered = bytearray(whole)
        altered[bit // 8] ^= 1 << bit % 8
        with pytest.raises((BadInput, UnicodeDecodeError)):
            files.unsealed(altered.decode(), "a cell")


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    assert not list(tmp_path.rglob("*.partial"))


def test_a_failing_write_leaves_the_old_file_and_no_temporary_one(folder, monkeypatch):
    path = folder / "report.json"
    files.written(path, b"old")

    def broken(*_):
        raise OSError("disk full")

    for step in ("replace", "fsync", "chmod"):
        with monkeypatch.context() as patched:
            patched.setattr(files.os, step, broken)
            with pytest.raises(OSError, match="disk full"):
                files.written(path, b"new")
        assert path.read_bytes() == b"old" and list(folder.iterdir()) == [path]


def test_a_file_is_replaced_whole_never_written_in_place(folder, monkeypatch):
    path, seen = folder / "report.json", []
    files.written(path, b"old")
    replace = files.os.replace

    def watched(source, target):
        seen.append((target, path.read_bytes(), source.read_bytes()))
        replace(source, target)

    monkeypatch.setattr(files.os, "replace", watched)
    files.written(path, b"new")
    assert seen == [(path.resolve(), b"old", b"new")] and path.read_bytes() == b"new"


def test_a_new_file_has_the_mode_of_new_files_and_an_old_one_keeps_its_own(folder):
    path, plain = folder / "a" / "file", folder / "plain"
    files.written(path, b"new")
    plain.write_bytes(b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    files.written(path, b"newer")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_a_link_and_what_it_leads_to_is_replaced(folder):
    target, link, dangling = folder / "target", folder / "link", folder / "dangling"
    target.write_bytes(b"old")
    link.symlink_to("target")
    dangling.symlink_to("absent")
    files.written(link, b"new")
    files.written(dangling, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    assert dangling.is_symlink() and (folder / "absent").read_bytes() == b"new"


def test_a_device_and_a_pipe_are_written_through(folder):
    pipe, got = folder / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    files.written(pipe, b"through")
    reader.join()
    assert got == [b"through"] and stat.S_ISFIFO(pipe.stat().st_mode)
    files.written("/dev/null", b"gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize("name", ["", "folder/", "folder", "file/inside", "nul\0", "n" * 300, "loop"])
def test_a_path_that_takes_no_file_is_refused_before_the_work(name, folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "folder").mkdir()
    (folder / "file").write_bytes(b"")
    (folder / "loop").symlink_to("loop")
    with pytest.raises(BadInput, match="needs"):
        files.tried(name)


def test_trying_a_path_leaves_what_is_there_as_it_is(folder, monkeypatch):
    (folder / "file").write_bytes(b"old")
    for path in (folder / "file", folder / "made" / "new", "/dev/null", "-"):
        files.tried(str(path))
    assert (folder / "file").read_bytes() == b"old" and list((folder / "made").iterdir()) == []
    files.tried_folder(str(folder / "results"))
    assert list((folder / "results").iterdir()) == []
    for name in ("-", "", str(folder / "file")):
        with pytest.raises(BadInput, match="needs"):
            files.tried_folder(name)


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\nlines\r", "two\\nlines\\r"),
        ("\u202eright to left", "\\u202eright to left"),
        ("n" * 300, "n" * 200 + "..."),
        ("größe [x]", "größe [x]"),
    ],
)
def test_what_cannot_be_seen_in_a_name_is_shown_escaped(name, seen):
    assert files.shown(name) == seen
