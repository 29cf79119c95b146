"""Batches made ahead by worker processes."""

import sys
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pytest
import torch

from maquette.training import stream
from maquette.training.config import TrainConfig
from maquette.training.stream import StepBatches, step_loader, workers_possible

sys.path.insert(0, str(Path(__file__).parent))
from tiny import TinySource


@pytest.mark.parametrize(("methods", "forks"), [(["spawn"], False), (["fork", "spawn"], True)])
def test_workers_are_forked_where_processes_can_be(methods, forks, monkeypatch):
    monkeypatch.setattr(stream.multiprocessing, "get_all_start_methods", lambda: methods)
    context = step_loader(StepBatches(TinySource(), TrainConfig()), 0, workers=2).multiprocessing_context
    assert (context is not None) == forks


def test_batches_come_through_a_pipe_and_take_no_shared_memory(monkeypatch):
    def full(storage):
        raise OSError(28, "No space left on device")

    for kind in (torch.UntypedStorage, torch.storage.TypedStorage):
        monkeypatch.setitem(ForkingPickler._extra_reducers, kind, full)
    batches = StepBatches(TinySource(), TrainConfig(batch=2, steps=4))
    with pytest.raises(OSError, match="No space left"):
        ForkingPickler.dumps(batches[3].batch)
    (back,) = step_loader(batches, 3, workers=1)  # its process has what is patched here, too
    assert back.step == 3
    assert torch.equal(back.batch.images, batches[3].batch.images)
    assert torch.equal(back.batch.voxels, batches[3].batch.voxels)


def test_without_room_for_other_processes_batches_are_made_here(monkeypatch):
    def full(*words, **more):
        raise OSError(28, "No space left on device")

    said: list[str] = []
    assert workers_possible(2, said.append) == 2
    monkeypatch.setattr(stream.multiprocessing, "Lock", full)
    assert [workers_possible(0, said.append), workers_possible(2, said.append)] == [0, 0]
    assert said == [
        "no processes that make batches ahead (No space left on device); going on as with --workers 0"
    ]
