"""`maquette evaluate unsup3d`: pictures with their depth on disk, and faces that are drawn."""

from pathlib import Path

import pytest
import torch
from PIL import Image

from data_layouts import write_synface
from maquette.data.pictures_config import PicturesConfig
from maquette.systems.unsup3d.config import NetworkConfig
from maquette.systems.unsup3d.network import Unsup3DNetwork
from maquette.systems.unsup3d.system import Unsup3DSystem


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    Unsup3DSystem(Unsup3DNetwork(NetworkConfig(size=32, width=8)), PicturesConfig(size=32)).save(path)
    return path


@pytest.mark.parametrize("kind", ["disk", "drawn"])
def test_means_and_deviations_beside_guesses(maquette, weights: Path, tmp_path: Path, kind: str):
    place = ["--data", write_synface(tmp_path / "data")] if kind == "disk" else ["--shapes", "faces:20"]
    ran = maquette("evaluate", "unsup3d", weights, "--protocol", "unsup3d", *place, "-o", tmp_path / "out")
    assert (ran.code, ran.err) == (0, "")
    assert "sample mean (std)" in ran.out
    assert "one depth everywhere: SIDE e-2" in ran.out
    assert ("angle to the normals that were drawn" in ran.out) == (kind == "drawn")
    assert (tmp_path / "out" / "unsup3d.html").is_file()


@pytest.mark.parametrize("command", ["evaluate", "train"])
def test_a_depth_of_another_size_is_told_in_a_line(maquette, weights: Path, tmp_path: Path, command: str):
    root = write_synface(tmp_path / "data")
    Image.new("L", (20, 20)).save(root / "val/depth/depth_00000.png")
    words = [weights, "--protocol", "unsup3d"]
    if command == "train":
        words = ["--recipe", "supervised", "--width", 8]
    ran = maquette(command, "unsup3d", *words, "--data", root, "-o", tmp_path / "out")
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert "depth_00000.png: is 20 x 20 pixels, its picture image_00000.png 40 x 40" in ran.err
    assert not (tmp_path / "out").exists()
