"""A run of the viewpoint network by the commands: resumed it is the same run, and it is evaluated."""

import json
import shutil
from pathlib import Path

import pytest

from train_fixture import checksum, table
from train_process import run

WORDS = """
train viewpoint --recipe drawn64 --shapes families:40 --width 8 --size 32 --views.render-size 32 --threads 1
--workers 0 --steps 6 --batch 4 --val-every 3 --training.checkpoint-every 2 --training.log-every 2
--training.val-samples 2
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    assert run([*WORDS.split(), "-o", folder / "run"], folder / "said") == 0, (folder / "said").read_text()
    return folder / "run"


def test_a_resumed_run_is_the_same_run(whole, tmp_path):
    folder = shutil.copytree(whole, tmp_path / "run")
    (folder / "weights.safetensors").unlink()
    shutil.rmtree(folder / "checkpoints" / "step_000000006")
    words = [
        "train",
        "viewpoint",
        "--resume",
        "--no-evaluation",
        "--threads",
        1,
        "--workers",
        0,
        "-o",
        folder,
    ]
    assert run(words, tmp_path / "said") == 0, (tmp_path / "said").read_text()
    assert "step 4" in (tmp_path / "said").read_text()
    assert checksum(folder) == checksum(whole)
    assert table(folder) == table(whole)


def test_the_run_ends_with_its_evaluation(whole):
    numbers = json.loads((whole / "eval" / "viewpoint.json").read_text())
    assert numbers["protocol"]["name"] == "viewpoint"
    assert set(numbers["surest"]["1"]) >= {
        "azimuth",
        "folded",
        "within_15",
        "within_30",
        "opposite",
        "elevation",
    }
    assert "constant view" in (whole.parent / "said").read_text()
