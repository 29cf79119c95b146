"""What every test shares: annotations that are checked at run time, and one seed."""

import os
import sys
from pathlib import Path

if (
    "PYTEST_XDIST_WORKER" in os.environ
):  # a core each; read by torch when it is imported, here and by commands
    os.environ["OMP_NUM_THREADS"] = "1"

import pytest
import torch
from jaxtyping import install_import_hook

FLOORS_0_TO_2 = ("structures", "transforms", "ops", "io", "loss", "renderer", "utils")
CHECKED = (*FLOORS_0_TO_2, "nn", "data", "training", "metrics", "segment", "lift", "systems")

sys.path.insert(0, str(Path(__file__).parent))
install_import_hook([f"maquette.{name}" for name in CHECKED], "annotation_check.check")


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)
