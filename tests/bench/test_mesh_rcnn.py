"""The benchmark of Mesh R-CNN's variants: what is measured, with what, and the products it counts."""

import json

import pytest
import torch

from maquette.bench import mesh_rcnn
from maquette.bench.mesh_rcnn import config_of, force_shares, sample_of, table
from maquette.systems.mesh_rcnn.network import MeshRCNN

NETWORKS = ("light", "dynamic-3", "light-folded")


def test_every_network_of_the_tables_is_a_variant() -> None:
    for recipe in ("best", "small"):
        for name in mesh_rcnn.NETWORKS:
            config = config_of(recipe, name)
            assert config.network.folded == name.endswith("-folded")
            assert config.first_weights == "none"
    with pytest.raises(ValueError, match="no recipe 'large'"):
        config_of("large", "light")
    with pytest.raises(ValueError, match="variant must be one of"):
        config_of("best", "heavy")


def test_shapes_of_the_usual_size_come_first() -> None:
    config = config_of("small", "light")
    one, all_ = sample_of(config, 1), sample_of(config, 16)
    counts = all_.meshes.num_verts_per_mesh().float()
    assert one.meshes.num_verts_per_mesh().item() == counts[0]
    assert (counts - counts.mean()).abs().argmin() == 0
    assert one.images.shape == (1, 3, 137, 137)
    assert len(sample_of(config, 17).meshes) == 17


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_share_of_active_positions_is_what_was_asked_for(share: float) -> None:
    network = MeshRCNN(config_of("tiny", "dynamic-3").network).eval()
    images = torch.rand(2, 3, 137, 137)
    force_shares(network, lambda: network.see(images), share)
    with torch.inference_mode():
        gates = network.see(images).gates
    assert [float(gate.share) for gate in gates] == pytest.approx([share] * 3, abs=1e-3)


@pytest.mark.slow
def test_numbers_and_table() -> None:
    threads = torch.get_num_threads()
    result = mesh_rcnn.run("cpu", 1, 2, "tiny", (1, 2), NETWORKS)
    assert torch.get_num_threads() == threads
    assert json.loads(json.dumps(result)) == result
    for batch in result["batches"]:
        rows = {row["network"]: row for row in batch["rows"]}
        plain, dynamic, folded = (rows[name] for name in NETWORKS)
        assert plain["training"]["ratio"] == plain["inference"]["ratio"] == plain["macs_ratio"] == 1
        assert plain["macs"] == plain["executed"] > folded["macs"] > 0
        assert dynamic["executed"] <= dynamic["macs"] < plain["macs"]
        assert dynamic["active"] == pytest.approx(0.5, abs=0.01)
        assert dynamic["executed_ratio"] == dynamic["executed"] / plain["executed"]
        assert plain["parameters"] == folded["parameters"]
    assert len(table(result).splitlines()) == 2 + 2 * len(NETWORKS)
