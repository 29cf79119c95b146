"""Batches made ahead by worker processes."""

import sys
from pathlib import Path

import pytest

from maquette.training import stream
from maquette.training.config import TrainConfig
from maquette.training.stream import StepBatches, step_loader

sys.path.insert(0, str(Path(__file__).parent))
from tiny import TinySource


@pytest.mark.parametrize(("methods", "forks"), [(["spawn"], False), (["fork", "spawn"], True)])
def test_workers_are_forked_where_processes_can_be(methods, forks, monkeypatch):
    monkeypatch.setattr(stream.multiprocessing, "get_all_start_methods", lambda: methods)
    context = step_loader(StepBatches(TinySource(), TrainConfig()), 0, workers=2).multiprocessing_context
    assert (context is not None) == forks
