"""A folder that one process at a time works in."""

import os
import platform
import signal
import subprocess
import sys

import pytest

from maquette.io import BadInput
from maquette.io.owned import LOCK, owned

HOLD = """
import os, sys, time
from pathlib import Path
from maquette.io.owned import owned
with owned(Path(sys.argv[1])):
    if os.fork() == 0:  # a child does not own it
        time.sleep(20)
        os._exit(0)
    print("owned", flush=True)
    time.sleep(60)
"""


def hold(folder):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, folder], stdout=subprocess.PIPE, text=True, process_group=0
    )
    assert process.stdout.readline() == "owned\n"
    return process


@pytest.mark.skipif(os.name != "posix", reason="locks of files are those of POSIX")
def test_a_second_owner_is_refused_until_the_first_one_has_died(tmp_path):
    folder = tmp_path / "run"
    process = hold(folder)
    try:
        who = f"is in use by process {process.pid} on {platform.node()}"
        with pytest.raises(BadInput, match=who), owned(folder):
            pass
        assert (folder / LOCK).exists()
        process.kill()
        process.wait()
        assert (folder / LOCK).exists()  # left behind, while its child is still there
        with owned(folder):
            pass
        assert list(folder.iterdir()) == []
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()


def fail(folder, *names):
    with owned(folder):
        for name in names:
            (folder / name).touch()
        raise RuntimeError


def test_a_folder_that_stays_empty_goes_with_a_failure(tmp_path):
    with pytest.raises(RuntimeError):
        fail(tmp_path / "a" / "run")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(RuntimeError):
        fail(tmp_path / "a" / "run", "kept")
    assert [path.name for path in (tmp_path / "a" / "run").iterdir()] == ["kept"]


def test_a_lock_that_is_taken_away_meanwhile_is_not_owned(tmp_path, monkeypatch):
    file, real, calls = tmp_path / LOCK, os.open, []

    def opened(path, *rest):
        handle = real(path, *rest)
        if path == file and not calls:
            calls.append(path)
            file.unlink()  # as its owner does when it ends
        return handle

    monkeypatch.setattr(os, "open", opened)
    with owned(tmp_path):
        assert file.exists()


def test_a_place_that_cannot_be_written_to(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="cannot be written"), owned(tmp_path / "file" / "run"):
        pass


def test_errors_of_the_block_stay_what_they_are(tmp_path):
    with pytest.raises(ConnectionError), owned(tmp_path):
        raise ConnectionError
