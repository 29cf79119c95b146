"""Stages of graph convolutions: values of the released code, and the ways of computing the same."""

import pytest
import torch

from maquette.nn.graph_refinement import RefinementConfig, RefinementHead, RefinementStage
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from mesh_rcnn_golden import far, fill, gradients_far, part, ramp, stored, tensors

FOCAL = 2.1875


def renamed(name: str) -> str:
    return name.replace("vert_offset", "offset")


def projected(verts: torch.Tensor) -> torch.Tensor:
    """The camera that the stored values were computed with; written out once more, on purpose."""
    w = -verts[:, 2:]
    w = torch.where(w >= 0, w.clamp(min=0.1), w.clamp(max=-0.1))
    z = 1.0020020008087158 * -verts[:, 2:] - 0.20020020008087158
    return torch.cat([FOCAL * verts[:, :2], z], dim=1) / w


def meshes_of(data: dict[str, torch.Tensor]) -> Meshes:
    verts = [data[f"mesh/{i}/verts"] for i in (0, 1)]
    return Meshes(verts, [data[f"mesh/{i}/faces"].long() for i in (0, 1)])


def maps_of(data: dict[str, torch.Tensor]) -> list[torch.Tensor]:
    shapes = data["feature_shapes"].tolist()
    k = int(data["feature_k0"])
    return [ramp((2, *shape), k + i).requires_grad_() for i, shape in enumerate(shapes)]


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("case", ["first", "later", "noproject"])
def test_a_stage_of_the_released_code(case: str, folded: bool) -> None:
    whole = stored("stage")
    arrays = part(whole, case)
    data = tensors(arrays)
    config = RefinementConfig(hidden=6, folded=folded)
    stage = fill(RefinementStage((3, 5), config, later=case != "first"), arrays, renamed)
    meshes, maps = meshes_of(tensors(whole)), maps_of(data)
    if case == "noproject":
        centred = [(v - v.mean(0)) * 2.5 for v in meshes.verts_list()]
        meshes = Meshes(centred, meshes.faces_list())
    verts = meshes.verts_packed().clone().requires_grad_()
    previous = None
    if case != "first":
        previous = ramp((len(verts), 6), int(data["prev_feats_k"])).requires_grad_()
    position = verts if case == "noproject" else projected(verts)
    offset, features = stage(
        maps, position, meshes.verts_packed_to_mesh_idx(), meshes.edges_packed(), previous
    )
    moved = verts + offset
    assert far(moved, data["verts_out"]) < 1e-5
    assert far(features, data["feats_out"]) < 1e-5
    k = int(data["loss_k"])
    ((moved * ramp(moved.shape, k)).sum() + (features * ramp(features.shape, k + 1)).sum()).backward()
    assert far(verts.grad, data["grad_verts"]) < 1e-4
    for i, one in enumerate(maps):
        assert far(one.grad, data[f"grad_feature{i}"]) < 1e-4
    if previous is not None:
        assert far(previous.grad, data["grad_prev_feats"]) < 1e-4
    named = dict(stage.named_parameters())
    for key in (key for key in data if key.startswith("grad_param/")):
        assert far(named[renamed(key.removeprefix("grad_param/"))].grad, data[key]) < 1e-4, key


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("case", ["small", "subdivide", "full"])
def test_three_stages_of_the_released_code(case: str, folded: bool) -> None:
    whole = stored("mesh_head")
    arrays = part(whole, case)
    data = tensors(arrays)
    channels = [shape[0] for shape in data["feature_shapes"].tolist()]
    config = RefinementConfig(hidden=128 if case == "full" else 8, folded=folded)
    head = fill(RefinementHead(channels, config), arrays, renamed)
    assert sum(p.numel() for p in head.parameters()) == int(data["num_params"])
    meshes, maps = meshes_of(tensors(whole)), maps_of(data)
    verts = meshes.verts_packed().clone().requires_grad_()
    moving = meshes.offset_verts(verts - meshes.verts_packed())
    made = head(maps, moving, projected, subdivide=case == "subdivide")
    for i, one in enumerate(made):
        assert one.num_verts_per_mesh().tolist() == data[f"stage{i}/num_verts"].tolist()
        assert one.num_faces_per_mesh().tolist() == data[f"stage{i}/num_faces"].tolist()
        assert far(one.verts_packed(), data[f"stage{i}/verts"]) < 1e-5
        for j in (0, 1) if case == "subdivide" else ():
            faces = one.faces_list()[j].sort(1).values
            wanted = data[f"stage{i}/mesh/{j}/faces"].long().sort(1).values
            assert set(map(tuple, faces.tolist())) == set(map(tuple, wanted.tolist()))
    if case == "subdivide":
        loss = torch.stack([one.verts_packed().square().sum() for one in made]).sum()
    else:
        k = int(data["loss_k0"])
        loss = torch.stack(
            [(one.verts_packed() * ramp(one.verts_packed().shape, k + i)).sum() for i, one in enumerate(made)]
        ).sum()
    assert far(loss, data["loss"]) < 1e-5
    loss.backward()
    assert far(verts.grad, data["grad_verts"]) < 1e-4
    assert gradients_far(head, arrays, renamed) < (1e-3 if case == "full" else 1e-4)
    for i, one in enumerate(maps):
        if case == "full":
            assert far(one.grad.norm(), data[f"grad_feature{i}_norm"]) < 1e-3
            sums = one.grad.sum((0, 2, 3))
            assert far(sums[:256], data[f"grad_feature{i}_channel_sums"]) < 1e-3
        else:
            assert far(one.grad, data[f"grad_feature{i}"]) < 1e-4


def test_an_untrained_head_moves_nothing() -> None:
    assert float(stored("stage")["init_offset_max"]) == 0
    start = ico_sphere(1)
    (first, *_, last) = RefinementHead([4])([torch.randn(1, 4, 5, 5)], start)
    assert torch.equal(first.verts_packed(), start.verts_packed())
    assert torch.equal(last.verts_packed(), start.verts_packed())


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("order", ["image", "previous"])
@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_folded_is_the_same(full: bool, order: str, padding: str) -> None:
    torch.manual_seed(0)
    config = RefinementConfig(hidden=16, depth=6 if full else 3, full=full, order=order, padding=padding)
    head = RefinementHead([5, 7], config)
    for parameter in head.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    other = RefinementHead([5, 7], RefinementConfig(**{**vars(config), "folded": True}))
    other.load_state_dict(head.state_dict())
    meshes = Meshes(
        [ico_sphere(0).verts_packed(), torch.zeros(0, 3), ico_sphere(1).verts_packed() * 1.3],
        [ico_sphere(0).faces_packed(), torch.zeros(0, 3, dtype=torch.long), ico_sphere(1).faces_packed()],
    )
    maps = [torch.randn(3, 5, 9, 9), torch.randn(3, 7, 4, 4)]
    for ours, theirs in zip(head(maps, meshes), other(maps, meshes), strict=True):
        assert far(ours.verts_packed(), theirs.verts_packed()) < 1e-5
    sum(one.verts_packed().square().sum() for one in other(maps, meshes)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in other.parameters())


def test_parameters_as_published() -> None:
    with torch.device("meta"):
        light = RefinementHead((256, 512, 1024, 2048))
        pix3d = RefinementHead((256,))
    assert sum(p.numel() for p in light.parameters()) == 1_845_796
    assert sum(p.numel() for p in pix3d.parameters()) == 469_540


@pytest.mark.parametrize(("config", "words"), [({"stages": 0}, "positive"), ({"full": True}, "odd")])
def test_refused(config, words) -> None:
    with pytest.raises(ValueError, match=words):
        RefinementConfig(**config)
