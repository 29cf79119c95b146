"""What every test shares: annotations that are checked at run time, and one seed."""

import os
import sys
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # read by torch when it is imported, here and by commands
    os.environ["OMP_NUM_THREADS"] = "2"  # kernels cut their work by it: they are tested in pieces
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"  # idle threads must not spin beside the other workers

import pytest
import torch
from jaxtyping import config, install_import_hook

FLOORS_0_TO_2 = ("structures", "transforms", "ops", "io", "loss", "renderer", "utils")
CHECKED = (*FLOORS_0_TO_2, "nn", "data", "training", "metrics", "segment", "lift", "systems", "poses")

THREADS = torch.get_num_threads()

sys.path.insert(0, str(Path(__file__).parent))
install_import_hook([f"maquette.{name}" for name in CHECKED], "annotation_check.check")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _threads() -> None:
    torch.set_num_threads(THREADS)  # the test before may have run a command with --threads 1


@pytest.fixture
def unchecked():
    """Without checks of annotations: they write lists, which is nothing that the loop of a graph may do."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
