"""No mutated file ends a reader in any other way than by `BadInput`, in a second and a bounded memory.

`make fuzz COUNT=100000` reads more of them.
"""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("resource", reason="needs limits of the system")
if not Path("/proc/self/statm").exists():
    pytest.skip("needs /proc", allow_module_level=True)

from tests.fuzz.readers import READERS
from tests.fuzz.worker import _address_space, problem_of, run

COUNT = int(os.environ.get("MAQUETTE_FUZZ_COUNT", "2000"))
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", READERS)
def test_the_first_mutated_files(kind: str, tmp_path: Path) -> None:
    assert list(run(kind, tmp_path, 12)) == []


@pytest.mark.slow
@pytest.mark.parametrize("kind", READERS)
def test_mutated_files(kind: str, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "tests.fuzz.worker", kind, str(tmp_path / "fuzz"), str(COUNT)]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120 + COUNT, check=False)
    assert ran.returncode == 0, f"ended by what is in {tmp_path / 'fuzz' / 'work'}: {ran.stderr[-2000:]}"
    assert ran.stdout == ""


def _fail(path: Path) -> None:
    raise KeyError(path.name)


def _wait(path: Path) -> None:
    began = time.process_time()
    while time.process_time() - began < 1.5:
        pass


def _fill(path: Path) -> None:
    assert len(bytearray(1 << 30))


@pytest.mark.parametrize(
    ("read", "said"),
    [(_fail, "KeyError: 'x'"), (_wait, "TooSlow"), (_fill, "MemoryError"), (lambda path: None, "")],
)
def test_what_a_reader_does_wrong_is_found(read, said: str) -> None:
    found = problem_of(replace(READERS["stl"], read=read), Path("x"), _address_space() + (64 << 20))
    assert (found or "").startswith(said)
    assert bool(found) == bool(said)
