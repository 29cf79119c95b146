"""Told views beside true ones: slopes and offsets of known angles, and the numbers of weights."""

import math

import pytest
import torch

from maquette.bench.studies import told_views
from maquette.systems.unsup3d.config import NetworkConfig
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.system import Unsup3DSystem


def test_slopes_offsets_and_correlations_of_known_angles() -> None:
    torch.manual_seed(0)
    true = torch.randn(200, 3)
    told = true * torch.tensor([0.5, 1.0, -1.0]) + torch.tensor([0.1, 0.0, 0.0])
    found = told_views.compare(told, true)
    assert [found[name]["slope"] for name in ("pitch", "yaw", "roll")] == pytest.approx([0.5, 1, -1])
    assert [found[name]["correlation"] for name in ("pitch", "yaw", "roll")] == pytest.approx([1, 1, -1])
    mean = float(true[:, 0].mean())
    assert found["pitch"]["offset"] == pytest.approx(math.degrees(0.1 - 0.5 * mean), abs=1e-3)


def test_weights_are_told_by_their_names(tmp_path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "w.safetensors"
    Unsup3DSystem(Unsup3DNetwork(NetworkConfig(width=8))).save(path)
    numbers = told_views.main(["--weights", str(path), "--people", "3", "--json", str(tmp_path / "n.json")])
    assert numbers["people"] == 3
    assert set(numbers["weights"][str(path)]) == {"pitch", "yaw", "roll"}
    assert (tmp_path / "n.json").is_file()
