"""What structure from motion changes in the process that asks for it, and when."""

import subprocess
import sys

import pytest

pytest.importorskip("pycolmap")

_STEPS = """
import os, signal, tempfile
from pathlib import Path
calls, known = [], signal.signal
signal.signal = lambda kind, action: calls.append(kind) or known(kind, action)
from maquette.poses import sfm
assert calls == [], calls

class Enough(Exception): pass

def stop(*_): raise Enough

sfm._extract = stop
with tempfile.TemporaryDirectory() as folder:
    try:
        sfm.place_photos([], Path(folder), sfm.SfmOptions(), print)
    except Enough:
        pass
assert calls == [signal.SIGTERM], calls
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_signals_are_left_alone_until_photos_are_placed_and_then_end_the_process_quietly():
    ran = subprocess.run([sys.executable, "-c", _STEPS], capture_output=True, text=True, timeout=120)
    assert (ran.returncode, ran.stderr) == (-15, "")
