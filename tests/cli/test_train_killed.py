"""A run that is killed at any moment and resumed ends as one that never was: same weights, same table."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from maquette.data.pack import pack_shapes, write_pack
from train_fixture import WORDS, checksum, ellipsoids, table
from train_process import run, start

LIMIT_SECONDS = 120.0
DYNAMIC = """
train mesh-rcnn --recipe small --variant dynamic-3 --network.backbone mobilenet_v2 --network.backbone-width 0.25
--network.size 64 --views.size 64 --views.render-size 64 --network.voxels 8 --network.width 8 --network.hidden 8
--network.channels 16 --loss.points 50 --loss.voxel-steps 5 --first-weights none --threads 1 --no-evaluation
--steps 16 --training.batch 2 --val-every 8 --training.checkpoint-every 2 --training.log-every 4
--training.warmup 2 --training.val-samples 2 --training.ema 0.9 --workers 0
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory) -> list[object]:
    """The words of a tiny run with augmentation, moving average and two workers."""
    pack = tmp_path_factory.mktemp("data") / "shapes.pack"
    write_pack(pack_shapes(ellipsoids()), pack)
    return [*WORDS.split(), "--workers", 2, "--shapes", pack]


@pytest.fixture(scope="module")
def undisturbed(command, tmp_path_factory) -> Path:
    """The run that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run([*command, "-o", folder / "run"], folder / "said") == 0, (folder / "said").read_text()
    return folder / "run"


def wait_for_writing(process, folder: Path) -> None:
    """Wait until a checkpoint is being written."""
    while process.is_alive():
        try:
            if any(entry.name.endswith(".new") for entry in os.scandir(folder / "checkpoints")):
                return
        except FileNotFoundError:
            pass


def wait_for_checkpoint(process, folder: Path, chance: random.Random) -> None:
    """Wait until there is a checkpoint that was not there before, then a moment."""
    there = set(os.listdir(folder / "checkpoints")) if (folder / "checkpoints").is_dir() else set()
    while process.is_alive():
        if (folder / "checkpoints").is_dir() and set(os.listdir(folder / "checkpoints")) - there:
            break
        time.sleep(0.01)
    time.sleep(chance.uniform(0, 0.3))


def kill_once(command: list[object], folder: Path, kind: int, chance: random.Random) -> bool:
    """Start or resume a run and kill it; returns whether that ended it, and not its last step."""
    process = start([*command, "-o", folder, "--resume"], folder.parent / "said")
    if kind == 0:
        wait_for_writing(process, folder)
        time.sleep(chance.uniform(0, 0.003))
    elif kind == 1:
        wait_for_checkpoint(process, folder, chance)
    else:
        time.sleep(chance.uniform(0, 3))
    process.kill()
    process.join(LIMIT_SECONDS)
    return process.exitcode == -signal.SIGKILL


def killed_often(command: list[object], undisturbed: Path, folder: Path, kills: int) -> None:
    """Kill runs until that has happened often enough; each one that ends must be the undisturbed one."""
    chance = random.Random(kills)
    happened = attempt = 0
    while happened < kills:
        attempt += 1
        run_folder = folder / f"run_{attempt}"
        for _ in range(min(4, kills - happened)):
            happened += kill_once(command, run_folder, happened % 3, chance)
        said = folder / "said"
        assert run([*command, "-o", run_folder, "--resume"], said) == 0, said.read_text()[-3000:]
        assert checksum(run_folder) == checksum(undisturbed)
        assert table(run_folder) == table(undisturbed)
        assert not [entry for entry in os.listdir(run_folder / "checkpoints") if entry.startswith(".")]


def test_three_kills_change_nothing(command, undisturbed, tmp_path):
    killed_often(command, undisturbed, tmp_path, 3)


@pytest.mark.slow
def test_twenty_kills_change_nothing(command, undisturbed, tmp_path):
    killed_often(command, undisturbed, tmp_path, 20)


@pytest.mark.slow
def test_kills_change_nothing_of_blocks_whose_masks_are_drawn(command, tmp_path):
    """Noise, statistics of batches and the budget's progress go on where they were."""
    words = [*DYNAMIC.split(), *command[-2:]]
    assert run([*words, "-o", tmp_path / "whole"], tmp_path / "said") == 0, (tmp_path / "said").read_text()
    killed_often(words, tmp_path / "whole", tmp_path, 3)


@pytest.mark.long
def test_two_hundred_kills_change_nothing(command, undisturbed, tmp_path):
    killed_often(command, undisturbed, tmp_path, 200)
