"""Comparing meshes: closed forms, brute force, and the values of Mesh R-CNN's own code."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.metrics.mesh_comparison import (
    THRESHOLDS,
    compare_meshes,
    compare_points,
    points_on,
    scaled,
)
from maquette.structures import Meshes
from maquette.utils import ico_sphere
from mesh_draws import at

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "mesh_rcnn" / "metrics.npz")
P2M = (0.01, 0.014142)
NAMES = {"Chamfer-L2": "chamfer", "NormalConsistency": "normal", "AbsNormalConsistency": "abs_normal"}
CASES = {  # scale, thresholds, and the true meshes
    "default": ("gt-10", THRESHOLDS, slice(None)),
    "p2m": (0.57, P2M, slice(None)),
    "tuple_scale": ((1.0, 1.5), THRESHOLDS, slice(None)),
    "gt-2": ("gt-2", (0.02, 0.2), slice(None)),
    "unequal_samples": ("gt-10", THRESHOLDS, slice(None)),
    "reduced": ("gt-10", THRESHOLDS, slice(None)),
    "one_gt": ("gt-10", THRESHOLDS, slice(1, 2)),
}
APART = {"at_threshold"}  # `test_at_a_threshold_is_not_nearer`


def stored(name: str) -> torch.Tensor:
    return torch.from_numpy(GOLDEN[name])


def meshes(kind: str, which: slice = slice(None)) -> Meshes:
    numbers = range(3)[which]
    verts = [stored(f"mesh/{kind}/{i}/verts") for i in numbers]
    return Meshes(verts, [stored(f"mesh/{kind}/{i}/faces").long() for i in numbers])


def ours(name: str) -> str:
    """What a measure of the released code is called here."""
    word, _, threshold = name.partition("@")
    return f"{word.lower()}@{float(threshold):g}" if threshold else NAMES[name]


def expected(case: str) -> dict[str, torch.Tensor]:
    keys = [key for key in GOLDEN.files if key.startswith(f"{case}/") and "/draw" not in key]
    return {ours(key.rpartition("/")[2]): stored(key) for key in keys}


def agree(found: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor]) -> None:
    for name, value in wanted.items():
        told = found[name].mean().double() if value.ndim == 0 else found[name]
        torch.testing.assert_close(told, value, rtol=1e-5, atol=1e-5 * float(value.abs().max()))


@pytest.mark.parametrize("case", CASES)
def test_meshes_of_the_released_code(case: str) -> None:
    scale, thresholds, which = CASES[case]
    both = scaled(meshes("pred"), meshes("gt", which), scale)
    draws = [(stored(f"{case}/draw{i}/face"), stored(f"{case}/draw{i}/uv")) for i in (0, 1)]
    (p, p_normals), (q, q_normals) = (at(mesh, *draw) for mesh, draw in zip(both, draws, strict=True))
    q, q_normals = q.expand(3, -1, -1), q_normals.expand(3, -1, -1)
    found = compare_points(p, q, thresholds, p_normals, q_normals)
    assert set(found) == set(expected(case))
    agree(found, expected(case))


@pytest.mark.parametrize("case", ["both", "pred_only", "none"])
def test_points_of_the_released_code(case: str) -> None:
    p, q, thresholds = (stored(f"points/{name}") for name in ("pred_points", "gt_points", "thresholds"))
    normals = {
        "predicted_normals": stored("points/pred_normals") if case != "none" else None,
        "true_normals": stored("points/gt_normals") if case == "both" else None,
    }
    found = compare_points(p, q, thresholds.tolist(), **normals)
    assert set(found) == set(expected(f"points/{case}"))
    agree(found, expected(f"points/{case}"))


def test_every_stored_case_is_here() -> None:
    cases = {name.partition("/")[0] for name in GOLDEN.files}
    assert cases - {"mesh", "points", "cannot_run"} == set(CASES) | APART
    cannot = [name for name in GOLDEN.files if name.startswith("cannot_run")]
    assert cannot == ["cannot_run/verts", "cannot_run/int_scale"]  # of the released code, not of ours


def test_a_whole_number_is_a_scale() -> None:
    one, other = (compare_meshes(meshes("pred"), meshes("gt"), scale, points=50) for scale in (2, 2.0))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_at_a_threshold_is_not_nearer() -> None:
    """The points are not stored; one at .1 and one at .25 have the stored chamfer distance."""
    p = torch.tensor([[[0.0, 0, 0], [0, 4, 0]]])
    above = math.nextafter(0.25, 1)  # in float32 the same: at it, no nearer
    beyond = 0.25 + 1e-7
    found = compare_points(p, p + torch.tensor([[[0.1, 0, 0], [0.25, 0, 0]]]), (0.1, beyond, 0.05))
    agree(found, expected("at_threshold"))
    assert compare_points(p, p + torch.tensor([0.25, 0, 0]), (above,))["f1@0.25"].tolist() == [0.0]


def ball(radius: float, level: int = 5) -> Meshes:
    return ico_sphere(level).scale_verts(radius)


def test_concentric_spheres() -> None:
    """The distance is that of the radii, but for the gaps between the drawn points."""
    found = compare_meshes(ball(1.0), ball(1.3), 1.0, (0.29, 0.34))
    assert found["chamfer"].item() == pytest.approx(2 * 0.3**2, rel=0.01)
    assert found["abs_normal"].item() == pytest.approx(1, abs=0.002)
    assert found["normal"].item() == pytest.approx(1, abs=0.002)
    assert found["f1@0.29"].item() == 0
    assert found["f1@0.34"].item() == pytest.approx(100, abs=0.5)
    inside_out = ball(1.0)
    inside_out = Meshes(inside_out.verts_list(), [inside_out.faces_list()[0].flip(1)])
    turned = compare_meshes(inside_out, ball(1.3), 1.0, (0.34,))
    assert turned["normal"].item() == pytest.approx(-1, abs=0.002)
    assert turned["abs_normal"].item() == pytest.approx(1, abs=0.002)


def square(height: float, side: float = 1.0) -> Meshes:
    verts = torch.tensor([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) * side
    return Meshes([verts + torch.tensor([0.0, 0, height])], [torch.tensor([[0, 1, 2], [0, 2, 3]])])


def test_shifted_planes() -> None:
    found = compare_meshes(square(0.0), square(0.2), 1.0, (0.19, 0.21))
    assert found["chamfer"].item() == pytest.approx(2 * 0.2**2, rel=0.005)
    assert found["normal"].item() == pytest.approx(1, abs=1e-6)
    assert (found["precision@0.19"].item(), found["recall@0.19"].item()) == (0, 0)
    assert found["f1@0.21"].item() == pytest.approx(100, abs=0.5)


def test_half_a_plane_has_half_the_recall() -> None:
    half = square(0.0)
    half = half.update_padded(half.verts_padded() * torch.tensor([0.5, 1, 1]))
    found = compare_meshes(half, square(0.0), 1.0, (0.05,))
    assert found["precision@0.05"].item() == pytest.approx(100, abs=0.1)
    assert found["recall@0.05"].item() == pytest.approx(
        55, abs=1
    )  # the half, and what is nearer than .05 to it
    assert found["chamfer"].item() == pytest.approx(0.5 * 0.5**2 / 3, rel=0.05)  # x^2 over the other half


def test_two_spheres_at_one_place_differ_by_their_samples_alone() -> None:
    """Density n / 4 pi of points: the mean squared distance to the nearest one is 4 / n."""
    count = 10_000
    found = compare_meshes(ball(1.0), ball(1.0), 1.0, (0.1,), count)
    assert found["chamfer"].item() == pytest.approx(2 * 4 / count, rel=0.03)
    assert found["f1@0.1"].item() == 100
    within = 100 * (1 - math.exp(-count * 0.01**2 / 4))
    assert compare_meshes(ball(1.0), ball(1.0), 1.0, (0.01,))["f1@0.01"].item() == pytest.approx(
        within, abs=1
    )


def test_brute_force() -> None:
    torch.manual_seed(0)
    p, q = torch.randn(2, 70, 3), torch.randn(2, 90, 3)
    n, m = (torch.nn.functional.normalize(torch.randn_like(x), dim=2) for x in (p, q))
    found = compare_points(p, q, (0.3, 0.6), n, m)
    for i in range(2):
        apart = torch.cdist(p[i].double(), q[i].double())
        there, back = apart.min(1), apart.min(0)
        assert found["chamfer"][i].item() == pytest.approx(
            float((there[0] ** 2).mean() + (back[0] ** 2).mean())
        )
        cosines = [(n[i] * m[i][there[1]]).sum(1), (m[i] * n[i][back[1]]).sum(1)]
        assert found["normal"][i].item() == pytest.approx(sum(float(c.mean()) for c in cosines) / 2, abs=1e-6)
        magnitude = sum(float(c.abs().mean()) for c in cosines) / 2
        assert found["abs_normal"][i].item() == pytest.approx(magnitude, abs=1e-6)
        for t in (0.3, 0.6):
            precision, recall = (100 * float((d[0] < t).double().mean()) for d in (there, back))
            assert found[f"precision@{t}"][i].item() == pytest.approx(precision)
            assert found[f"f1@{t}"][i].item() == pytest.approx(2 * precision * recall / (precision + recall))


def test_a_number_does_not_depend_on_the_rest_of_the_batch() -> None:
    both = compare_meshes(meshes("pred"), meshes("gt"), points=200)
    alone = compare_meshes(meshes("pred", slice(2, 3)), meshes("gt", slice(2, 3)), points=200)
    assert all(torch.equal(both[name][2:], alone[name]) for name in both)
    one = compare_meshes(meshes("pred"), meshes("gt", slice(1, 2)), points=200)
    assert torch.equal(one["chamfer"][1], both["chamfer"][1])


def test_a_mesh_without_faces_is_nowhere_near() -> None:
    nothing = Meshes([torch.zeros(0, 3)], [torch.zeros(0, 3, dtype=torch.long)])
    far = ball(1.0, 2).offset_verts(torch.tensor([0.0, 0, 5]))
    found = compare_meshes(nothing, far, 1.0, points=100)
    assert (found["f1@0.5"].item(), found["abs_normal"].item()) == (0, 0)
    assert 40 < found["chamfer"].item() < 60
    assert not points_on(nothing, 3, 0)[0].any()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"scale": "gt-x"}, "scale 'gt-x'"),
        ({"scale": "10"}, "scale '10'"),
        ({"scale": "gt--1"}, "scale 'gt--1'"),
        ({"points": 0}, "at least one point"),
        ({"true": "two"}, "3 meshes cannot be compared with 2"),
    ],
)
def test_what_is_refused(changed: dict, words: str) -> None:
    true = meshes("gt", slice(2)) if changed.pop("true", "") else meshes("gt")
    with pytest.raises(ValueError, match=words):
        compare_meshes(meshes("pred"), true, **changed)
