"""The whole networks: parameters, and values of the released code."""

import pytest
import torch

from maquette.structures import Meshes
from maquette.systems.mesh_rcnn.config import VARIANTS, NetworkConfig
from maquette.systems.mesh_rcnn.cubes import cubes_of
from maquette.systems.mesh_rcnn.network import MeshRCNN
from mesh_rcnn_golden import far, fill, part, ramp, stored, tensors

NETWORKS = {
    "voxmesh_R18_V24": {"backbone": "resnet18", "voxels": 24},
    "voxmesh_R50": {},
    "sphereinit_R50": {"variant": "sphere"},
    "pixel2mesh_R50": {"variant": "pixel2mesh"},
}
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in list(NETWORKS)[1:]]


def renamed(name: str) -> str:
    for theirs, ours in (
        ("backbone.stem.0", "backbone.body.conv1"),
        ("backbone.stem.1", "backbone.body.bn1"),
        ("backbone.stage", "backbone.body.layer"),
        ("voxel_head.", "voxels."),
        ("mesh_head.", "refinement."),
        ("vert_offset", "offset"),
    ):
        name = name.replace(theirs, ours)
    if "voxel_fcn" in name:
        before, _, after = name.partition("voxel_fcn")
        return f"{before}convs.{int(after[0]) - 1}{after[1:]}"
    return name


@pytest.mark.parametrize("name", ["voxmesh_R18_V24", *SLOW])
@torch.no_grad()
def test_values_of_the_released_code(name: str) -> None:
    whole = stored("models")
    arrays = part(whole, name)
    data = tensors(arrays)
    network = MeshRCNN(NetworkConfig(original=True, **NETWORKS[name])).eval()
    fill(network, arrays, renamed)
    images = ramp(whole["image_shape"], int(whole["image_k"]))
    seen = network.see(images * network.backbone.std + network.backbone.mean)
    for i, one in enumerate(seen.maps):
        assert list(one.shape) == data[f"feature{i}/shape"].tolist()
        told = torch.stack([one.mean(), one.std(), one.max()])
        assert far(told, data[f"feature{i}/mean_std_max"]) < 1e-4
        assert far(one.flatten()[::997], data[f"feature{i}/every_997th"]) < 1e-4
    if seen.logits is None:
        meshes = network.spheres(2, images.device)
    else:
        assert far(seen.logits.flatten()[::31], data["voxel_scores_every_31st"]) < 1e-4
        solid = seen.logits.sigmoid() >= 0.2
        assert (seen.logits.sigmoid() - 0.2).abs().min() == pytest.approx(
            float(data["threshold_margin"]), rel=0.1, abs=1e-6
        )
        assert solid.flatten(1).sum(1).tolist() == data["occupied"].tolist()
        meshes = cubes_of(seen.logits, 0.2, original=True).meshes
        assert meshes.num_verts_per_mesh().tolist() == data["cubified_num_verts"].tolist()
        assert meshes.num_faces_per_mesh().tolist() == data["cubified_num_faces"].tolist()
    for i, made in enumerate(network.refine(seen.maps, meshes)):
        assert made.num_verts_per_mesh().tolist() == data[f"stage{i}/num_verts"].tolist()
        assert made.num_faces_per_mesh().tolist() == data[f"stage{i}/num_faces"].tolist()
        verts = made.verts_packed()
        step = int(data[f"stage{i}/verts_step"]) * int(data.get(f"stage{i}/verts_every", 1))
        assert far(verts[::step], data[f"stage{i}/verts"]) < 1e-4
        assert far(torch.stack([verts.amin(0), verts.amax(0)]), data[f"stage{i}/bbox"]) < 1e-4
        assert far(verts.mean(0), data[f"stage{i}/mean"]) < 1e-4
    if seen.logits is None:
        return
    # the released code refines four random vertices in its first steps, and learns from that; here they are given
    faces = data["voxel_only/faces"].long()
    dummies = Meshes(list(data["voxel_only/dummy_verts"]), [faces, faces])
    for i, made in enumerate(network.refine(seen.maps, dummies)):
        assert far(made.verts_packed(), data[f"voxel_only/stage{i}/verts"]) < 1e-4


ROWS = {"voxmesh": "light", "pixel2mesh": "pixel2mesh", "sphereinit": "sphere"}


def test_parameters_of_the_released_networks() -> None:
    whole = stored("models")
    table = zip(whole["param_counts/rows"], whole["param_counts/values"].tolist(), strict=True)
    seen = 0
    for row, (total, backbone, voxels, mesh, buffers) in table:
        kind, name = str(row).split("/")
        if name in ("resnet101", "resnet152"):
            continue  # no recipe has them
        with torch.device("meta"):
            network = MeshRCNN(NetworkConfig(ROWS[kind], backbone=name))
        counts = {key: sum(p.numel() for p in one.parameters()) for key, one in network.named_children()}
        assert counts["backbone"] == backbone
        assert counts.get("voxels", 0) == voxels
        assert counts["refinement"] == mesh
        assert sum(counts.values()) == total
        # theirs have the matrix K among them, ours the mean and deviation of pictures
        assert sum(b.numel() for b in network.buffers()) - 6 == buffers - 16
        seen += 1
    assert seen == 9


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_says_what_it_should(variant: str) -> None:
    config = NetworkConfig(
        variant, size=64, backbone="resnet18", voxels=8, width=8, hidden=8, channels=16, folded=True
    )
    network = MeshRCNN(config).eval()
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        seen = network.see(images)
        found = network(images)
    assert (seen.logits is not None) == config.has_voxels
    if seen.logits is not None:
        assert seen.logits.shape == (2, 8, 8, 8)
    assert len(found) == config.has_voxels + 3 * config.has_mesh
    assert len(seen.maps) == (1 if config.shares_map else 4)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"variant": "none"}, "variant"),
        ({"backbone": "vgg16"}, "backbone"),
        ({"voxels": 7}, "even"),
        ({"backbone_width": 0.5}, "width"),
        ({"blocks": 0}, "blocks"),
        ({"hidden": 0}, "hidden"),
    ],
)
def test_refused(settings, words) -> None:
    with pytest.raises(ValueError, match=words):
        NetworkConfig(**settings)
