"""The loss: values of the released code on the points it drew, and objects of which nothing is known."""

import numpy as np
import pytest
import torch

from maquette.loss.soft_dice import soft_dice
from maquette.structures import Meshes
from maquette.systems.mesh_rcnn import loss as module
from maquette.systems.mesh_rcnn.config import LossConfig
from maquette.systems.mesh_rcnn.loss import Surface, mesh_loss, stage_terms, voxel_loss
from maquette.utils import ico_sphere
from mesh_rcnn_golden import far, part, stored, tensors

CASES = ("pretty", "best", "normals", "defaults", "voxel_only")


def at(meshes: Meshes, face: torch.Tensor, uv: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The points on meshes that were drawn when the values were stored, with the normals of their faces."""
    points, normals = [], []
    for i, (verts, faces) in enumerate(zip(meshes.verts_list(), meshes.faces_list(), strict=True)):
        a, b, c = verts[faces[face[i].long()]].unbind(1)
        root, v = uv[0, i, :, None].sqrt(), uv[1, i, :, None]
        points.append((1 - root) * a + root * (1 - v) * b + root * v * c)
        normals.append(torch.nn.functional.normalize((b - a).cross(c - a, dim=1), dim=1))
    return torch.stack(points), torch.stack(normals)


@pytest.fixture(scope="module")
def data() -> dict[str, torch.Tensor]:
    return tensors(stored("mesh_loss"))


def predicted(data, stage: int) -> tuple[Meshes, torch.Tensor]:
    verts = [data[f"pred/{stage}/{i}/verts"] for i in (0, 1)]
    meshes = Meshes(verts, [data[f"pred/{i}/faces"].long() for i in (0, 1)])
    packed = meshes.verts_packed().clone().requires_grad_()
    return meshes.offset_verts(packed - meshes.verts_packed().detach()), packed


def truth(data, case) -> Surface:
    if case == "tuple":
        return Surface(data["tuple/points_gt"], data["tuple/normals_gt"], torch.ones(2, dtype=torch.bool))
    meshes = Meshes([data[f"gt/{i}/verts"] for i in (0, 1)], [data[f"gt/{i}/faces"].long() for i in (0, 1)])
    draw = data[f"{case}/draw0/face"], data[f"{case}/draw0/uv"]
    return Surface(*at(meshes, *draw), torch.ones(2, dtype=torch.bool))


@pytest.fixture
def drawn(data, monkeypatch):
    """Let the loss draw what was drawn when the values were stored."""

    def use(case: str, first: int) -> None:
        count = iter(range(first, 99))

        def sample(meshes, n, return_normals):
            k = next(count)
            return at(meshes, data[f"{case}/draw{k}/face"], data[f"{case}/draw{k}/uv"])

        monkeypatch.setattr(module, "sample_points_from_meshes", sample)

    return use


@pytest.mark.parametrize("case", CASES)
def test_values_of_the_released_code(case: str, data, drawn) -> None:
    chamfer, normal, edge, voxel = data[f"{case}/weights"].tolist()
    config = LossConfig(voxel=voxel, chamfer=chamfer, normal=normal, edge=edge, points=400)
    stages, packed = zip(*(predicted(data, i) for i in range(3)), strict=True)
    scores = data["voxel_scores"].clone().requires_grad_()
    voxels = voxel_loss(scores, data["voxel_target"])
    total = voxel * voxels
    drawn(case, 1)
    if not bool(data[f"{case}/skip_mesh_loss"]):
        found, terms = mesh_loss(stages, truth(data, case), config)
        total = total + found
        for key, term in terms.items():
            assert far(term, data[f"{case}/part/{key}"]) < 1e-5, key
        assert {key.partition("_")[0] for key in terms} >= {"chamfer", "edge"}
    if voxel:
        assert far(voxels, data[f"{case}/part/voxel"]) < 1e-5
    assert far(total, data[f"{case}/total"]) < 1e-5
    total.backward()
    if voxel:
        assert far(scores.grad, data[f"{case}/grad_voxel_scores"]) < 1e-4
    for i, verts in enumerate(packed if not bool(data[f"{case}/skip_mesh_loss"]) else ()):
        assert far(verts.grad, data[f"{case}/grad_pred/{i}"]) < 1e-4


@pytest.mark.parametrize("case", [*CASES[:-1], "tuple"])
def test_normals_of_the_released_code(case: str, data, drawn) -> None:
    """They are measured there even where they have no weight."""
    drawn(case, 0 if case == "tuple" else 1)
    for i in range(1 if case == "tuple" else 3):
        found = stage_terms(predicted(data, i)[0], truth(data, case), 400)
        for name in ("chamfer", "normal", "edge"):
            assert far(found[name], data[f"{case}/part/{name}_{i}"]) < 1e-5


def test_points_that_are_given(data, drawn) -> None:
    drawn("tuple", 0)
    meshes, packed = predicted(data, 0)
    config = LossConfig(chamfer=1.0, normal=0.0, edge=0.2, points=400)
    total, _ = mesh_loss([meshes], truth(data, "tuple"), config)
    assert far(total, data["tuple/total"]) < 1e-5
    total.backward()
    assert far(packed.grad, data["tuple/grad"]) < 1e-4


def test_voxels_alone_of_weight_two(data) -> None:
    voxels = voxel_loss(data["voxel_scores"], data["voxel_target"])
    assert far(voxels, data["no_meshes/voxel"]) < 1e-5
    assert far(2 * voxels, data["no_meshes/total"]) < 1e-5


def test_objects_without_a_surface_count_in_no_distance() -> None:
    torch.manual_seed(0)
    points, normals = torch.randn(2, 100, 3), torch.randn(2, 100, 3)
    both = ico_sphere(1).extend(2)
    config = LossConfig(points=200)
    torch.manual_seed(0)
    one, _ = mesh_loss([both], Surface(points, normals, torch.tensor([True, False])), config)
    torch.manual_seed(0)
    other, _ = mesh_loss(
        [both],
        Surface(points + torch.tensor([[[0.0]], [[9.0]]]), normals, torch.tensor([True, False])),
        config,
    )
    assert torch.equal(one, other)
    none, _ = mesh_loss([both], Surface(points, normals, torch.zeros(2, dtype=torch.bool)), config)
    assert float(none) == 0


def test_vertices_that_are_not_finite() -> None:
    mesh = ico_sphere(1)
    broken = mesh.offset_verts(torch.full_like(mesh.verts_packed(), torch.nan))
    points = torch.zeros(1, 5, 3)
    loss, terms = mesh_loss([broken], Surface(points, points, torch.ones(1, dtype=torch.bool)), LossConfig())
    assert np.isinf(float(loss))
    assert not terms


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"edge": -1.0}, "negative"),
        ({"voxel": 0.0, "chamfer": 0.0}, "all of them 0"),
        ({"points": 0}, "points"),
    ],
)
def test_refused(settings, words) -> None:
    with pytest.raises(ValueError, match=words):
        LossConfig(**settings)


def test_parts_are_all_compared() -> None:
    """Every stored case is one of those above."""
    cases = {key.partition("/")[0] for key in stored("mesh_loss")}
    inputs = {"pred", "gt", "voxel_scores", "voxel_target"}
    assert cases == inputs | set(CASES) | {"tuple", "no_meshes"}
    assert part(stored("mesh_loss"), "tuple")


def test_dice_of_cells() -> None:
    solid = torch.zeros(2, 4, 4, 4, dtype=torch.bool)
    solid[:, :2] = True
    sure = torch.where(solid, 40.0, -40.0)
    assert float(soft_dice(sure, solid)) == pytest.approx(0, abs=1e-6)
    assert float(soft_dice(-sure, solid)) == pytest.approx(1)
    assert float(soft_dice(torch.zeros_like(sure), solid)) == pytest.approx(0.5)  # 2 x 16 / (32 + 32)
    half = sure.clone()
    half[1] = -half[1]
    assert float(soft_dice(half, solid)) == pytest.approx(0.5)
