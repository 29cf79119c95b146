"""Several processes on one machine."""

import importlib.util
import os
import signal
import subprocess
import sys
import time

import pytest

from maquette.training import processes
from maquette.training.processes import Place, run_processes


def test_alone_without_torchrun():
    assert Place.of({}) == Place(0, 1, 1)
    assert Place.of({"WORLD_SIZE": "4", "RANK": "2"}) == Place()


def test_what_torchrun_says():
    place = Place.of({"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "4", "RANK": "2", "LOCAL_WORLD_SIZE": "2"})
    assert place == Place(2, 4, 2)
    assert not place.is_first


@pytest.mark.parametrize(("code", "expected"), [("0", 0), ("5 * (rank == 1)", 5)])
def test_exit_code_is_that_of_the_one_that_failed(code, expected, tmp_path):
    program = (
        f"import os, sys; rank = int(os.environ['RANK']); open(f'{tmp_path}/{{rank}}', 'w'); sys.exit({code})"
    )
    assert run_processes(2, [sys.executable, "-c", program]) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1"]


def test_when_one_fails_the_others_are_ended():
    program = "import os, sys, time; sys.exit(3) if os.environ['RANK'] == '0' else time.sleep(600)"
    assert run_processes(2, [sys.executable, "-c", program]) == 3


def test_a_signal_to_the_group_reaches_each_process_once(tmp_path):
    """As Ctrl-C in a terminal, which goes to everything in the foreground."""
    count = (
        f"import os, signal, time; name = '{tmp_path}/' + os.environ['RANK']\n"
        "signal.signal(signal.SIGINT, lambda *_: open(name, 'a').write('x'))\n"
        "open(name, 'w').close()\n"
        "end = time.monotonic() + 1.5\n"
        "while time.monotonic() < end: time.sleep(0.05)\n"
    )
    launch = f"""
import sys
from maquette.training.processes import run_processes
run_processes(2, [sys.executable, "-c", {count!r}])
"""
    process = subprocess.Popen([sys.executable, "-c", launch], process_group=0)
    while len(list(tmp_path.iterdir())) < 2:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 0
    assert [path.read_text() for path in tmp_path.iterdir()] == ["x", "x"]


def test_a_system_without_hang_ups_hands_on_the_other_signals(monkeypatch):
    monkeypatch.delattr(signal, "SIGHUP")
    spec = importlib.util.spec_from_file_location("processes_without_hang_ups", processes.__file__)
    assert spec is not None
    assert spec.loader is not None
    fresh = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, fresh)
    spec.loader.exec_module(fresh)
    assert fresh._HANDED_ON == (signal.SIGINT, signal.SIGTERM)
