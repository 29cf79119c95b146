"""Files appear whole or not at all."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from maquette.io import BadInput
from maquette.io.atomic import replacing, replacing_path, write_together
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


def test_names_as_long_as_they_may_be_are_written(tmp_path):
    for name in ("ü" * 125 + ".txt", "b." + "c" * 250):
        with replacing(tmp_path / name) as file:
            file.write(b"x")
        assert [path.name for path in tmp_path.iterdir()] == [name]
        (tmp_path / name).unlink()


KILLED = """
import os, signal, sys
from pathlib import Path
from maquette.io.atomic import replacing
from maquette.io.atomic_folder import replacing_folder
with replacing_folder(Path(sys.argv[1]) / "b"), replacing(Path(sys.argv[1]) / "a.txt"):
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_goes_with_the_next_file(tmp_path):
    folder = tmp_path / "out"
    (folder / "b").mkdir(parents=True)
    killed = subprocess.run([sys.executable, "-c", KILLED, folder], check=False)
    assert killed.returncode == -signal.SIGKILL
    left = sorted(path.name for path in folder.iterdir())
    mark = left[0].split(".")[2]
    assert left == [f".a.{mark}.txt", left[1], "b"]
    host, process, _ = mark.split("-")
    alive, elsewhere = mark.replace(process, str(os.getpid())), mark.replace(host, "0" * 8)
    kept = [f".a.{alive}.txt", f".a.{elsewhere}.txt", ".a.0123456789ab.txt", "a.txt"]
    for name in kept[:3]:
        (folder / name).touch()
    (folder / "b").rename(folder / f".b.{mark}.old")  # killed between the two renames
    with replacing(folder / "a.txt") as file:
        file.write(b"x")
    assert sorted(path.name for path in folder.iterdir()) == sorted([*kept, "b"])


def test_files_that_belong_together_appear_together(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("before")
    write = Path.write_bytes

    def full(path, content):
        if len(list(tmp_path.iterdir())) == 3:
            raise OSError(28, "No space left on device", str(path))
        write(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(OSError, match=f"'{tmp_path}/c'"):
            write_together({tmp_path / name: "after" for name in "abc"})
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "before")]
    (tmp_path / "c").mkdir()
    with pytest.raises(IsADirectoryError):
        write_together({tmp_path / name: b"after" for name in "abc"})
    assert (tmp_path / "a").read_text() == "before"
    write_together({tmp_path / "a": "ü\n", tmp_path / "b": b"after"})
    assert (tmp_path / "a").read_bytes() == "ü\n".encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c"]


def test_errors_name_what_was_asked_for(tmp_path):
    path = os.path.relpath(tmp_path / "a.obj")

    def fail(make):
        with replacing_path(path) as temporary:
            raise make(temporary)

    with pytest.raises(BadInput) as problem:
        fail(lambda temporary: BadInput(temporary.with_suffix(".mtl"), f"no room for {temporary}", "line 1"))
    assert str(problem.value) == f"{tmp_path / 'a.mtl'}: line 1: no room for {path}"
    with pytest.raises(BadInput, match=r"^other: no$"):
        fail(lambda temporary: BadInput("other", "no"))
    with pytest.raises(OSError, match=r"a\.obj") as problem:
        fail(lambda temporary: OSError(28, "No space left on device", str(temporary)))
    assert problem.value.filename == path
    with pytest.raises(FileNotFoundError) as problem, replacing_path(path):
        pass
    assert problem.value.filename == path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_no_file_takes_the_place_of_a_device(tmp_path):
    """A superuser who writes to /dev/null would leave a file there."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    for name in ("pipe", "link"):
        with pytest.raises(OSError, match="Is a pipe or a device, not a file") as problem:
            write_together({tmp_path / "a": b"", tmp_path / name: b""})
        assert problem.value.filename == str(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "pipe"]
    assert (tmp_path / "pipe").is_fifo()
