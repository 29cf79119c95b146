"""Files appear whole or not at all."""

import os
from pathlib import Path

import pytest

from maquette.io.atomic import replacing, replacing_path
from maquette.io.streams import writing


def _write_half(context, error):
    with context as target:
        write = target.write_bytes if isinstance(target, Path) else target.write
        write(b"half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_nothing_is_left_after_an_exception(tmp_path, error):
    kept = tmp_path / "kept.txt"
    kept.write_text("before")
    for path in (kept, tmp_path / "new.txt"):
        with pytest.raises(error):
            _write_half(replacing(path), error)
        with pytest.raises(error):
            _write_half(replacing_path(path), error)
    assert [p.name for p in tmp_path.iterdir()] == ["kept.txt"]
    assert kept.read_text() == "before"


def test_a_file_is_replaced_keeping_mode_and_links(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    with replacing(link, "w") as file:
        file.write("after")
        assert real.read_text() == "before"
    assert link.is_symlink()
    assert real.read_text() == "after"
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_new_file_follows_the_umask(tmp_path):
    old = os.umask(0o027)
    try:
        with replacing(tmp_path / "new.txt") as file:
            file.write(b"x")
    finally:
        os.umask(old)
    assert (tmp_path / "new.txt").stat().st_mode & 0o777 == 0o640


def test_missing_folders_are_made_and_go_with_a_failure(tmp_path):
    with pytest.raises(RuntimeError):
        _write_half(replacing(tmp_path / "a" / "b" / "x"), RuntimeError)
    assert not list(tmp_path.iterdir())
    with replacing(tmp_path / "a" / "b" / "x") as file:
        file.write(b"x")
    with pytest.raises(RuntimeError):
        _write_half(replacing(tmp_path / "a" / "c" / "x"), RuntimeError)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "x"]


def test_a_file_and_a_folder_in_the_way(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), replacing(tmp_path / "file" / "no" / "x") as file:
        file.write(b"x")
    (tmp_path / "taken").mkdir()
    with pytest.raises(IsADirectoryError), replacing(tmp_path / "taken") as file:
        file.write(b"x")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "taken"]


def test_writing_fills_an_empty_file_in_place_and_replaces_others(tmp_path):
    path = tmp_path / "x"
    path.touch()
    with open(path, "rb") as held:
        with writing(path) as out:
            out.write(b"one")
        assert held.read() == b"one"
        with writing(path) as out:
            out.write(b"two")
        held.seek(0)
        assert held.read() == b"one"
    assert path.read_bytes() == b"two"
    with pytest.raises(RuntimeError):
        _write_half(writing(path), RuntimeError)
    assert path.read_bytes() == b"two"
