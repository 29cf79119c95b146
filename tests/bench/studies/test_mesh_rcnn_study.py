"""The study of Mesh R-CNN's variants: what is scored, told apart, and left to training."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from maquette.bench.studies import mesh_rcnn_study as study
from maquette.bench.studies import trained
from maquette.data.open import pack_families
from maquette.data.pack import read_pack, write_pack
from maquette.data.views_config import ViewsConfig
from maquette.io.errors import BadInput
from maquette.systems.mesh_rcnn.config import NetworkConfig
from maquette.systems.mesh_rcnn.network import MeshRCNN
from maquette.systems.mesh_rcnn.system import MeshRCNNSystem
from tiny_frustum import tiny_frustum_weights


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shapes") / "shapes.pack"
    write_pack(pack_families(24, 0), path)
    return path


def test_systems_beside_are_scored_by_both_protocols(tmp_path: Path, pack: Path, capsys) -> None:
    weights = tiny_frustum_weights(tmp_path / "frustum.safetensors")
    words = [str(tmp_path / "runs"), "--shapes", str(pack), "--every", "9", "--beside", f"frustum={weights}"]
    numbers = study.main([*words, "--json", str(tmp_path / "n.json"), "--threads", "1"])
    assert json.loads((tmp_path / "n.json").read_text()) == numbers
    (row,) = numbers["rows"]
    assert row["p2m"]["all"]["samples"] == numbers["samples"] >= 1
    assert set(row["viewer"]["all"]) == {"iou", "f2", "samples"}
    assert row["active"] is None
    text = capsys.readouterr().out
    assert "frustum: Chamfer e-3 " in text
    assert "| network | shapes | samples | Chamfer e-3 | F1 tau | F1 2 tau |" in text


@pytest.mark.slow
def test_a_refined_surface_is_a_row(tmp_path: Path, pack: Path) -> None:
    network = MeshRCNN(NetworkConfig(size=64, backbone="resnet18", voxels=8, width=8, hidden=8, folded=True))
    MeshRCNNSystem(network).save(tmp_path / "stages.safetensors")
    beside = f"refined-frustum={tmp_path / 'stages.safetensors'}"
    numbers = study.main([str(tmp_path), "--shapes", str(pack), "--every", "9", "--beside", beside])
    (row,) = numbers["rows"]
    assert row["system"] == "refined-frustum"
    assert row["parameters"] > sum(p.numel() for p in network.parameters())
    assert 0 < row["p2m"]["all"]["f1@0.014142"] <= 100
    assert 0 < row["viewer"]["all"]["iou"] <= 1


def test_what_is_not_known_goes_to_training(
    tmp_path: Path, pack: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(trained, "train", lambda name, folder, words: calls.append((name, folder, words)))
    words = ["--train", "--variants", "dynamic-3", "--seeds", "1", "--steps", "10", "--", "--batch", "2"]
    assert study.main([str(tmp_path), "--shapes", str(pack), *words])["rows"] == []
    ((name, folder, given),) = calls
    assert (name, folder) == ("mesh-rcnn", tmp_path / "dynamic-3-1")
    assert given[2:4] == ["--variant", "dynamic-3"]
    assert given[-2:] == ["--batch", "2"]


def test_shapes_without_a_test_split_are_named(tmp_path: Path) -> None:
    pack = pack_families(6, 0)
    training = [i for i, entry in enumerate(pack.entries) if entry.split == "train"]
    write_pack(pack.take(training), tmp_path / "x.pack")
    with pytest.raises(BadInput, match=r"x\.pack: has nothing in its test split"):
        study.main([str(tmp_path), "--shapes", str(tmp_path / "x.pack")])


def test_the_share_of_active_positions_is_that_of_all_blocks(pack: Path) -> None:
    def see(images: torch.Tensor) -> SimpleNamespace:
        hard = torch.zeros(len(images), 1, 2, 2)
        hard[..., 0] = 1
        return SimpleNamespace(gates=[SimpleNamespace(hard=hard), SimpleNamespace(hard=hard * 0)])

    system = SimpleNamespace(
        network=SimpleNamespace(see=see), views_config=ViewsConfig(size=16, render_size=16)
    )
    assert study.active_share(system, read_pack(pack).take(range(3))) == pytest.approx(0.25)
