"""Each measured operator and its twin compute the same; the result is complete and can be written as JSON."""

import json

import pytest
import torch

from maquette.bench import cases, ops, timing
from maquette.structures import Meshes

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("build", "sizes"),
    [
        (cases.soft_silhouettes, {"views": 2, "size": 24, "level": 1}),
        (cases.nearest_neighbour, {"points": 700}),
        (cases.chamfer, {"points": 700}),
        (cases.graph_convolution, {"features": 8, "level": 1}),
        (cases.vertex_features, {"batch": 2, "channels": 4, "size": 5, "verts": 30}),
    ],
)
def test_twins_agree(build, sizes: dict[str, int]) -> None:
    pair = build(CPU, **sizes)
    ours, twin = pair.ours(), pair.twin()
    assert ours.shape == twin.shape
    assert ours.abs().max() > 0
    torch.testing.assert_close(ours, twin, rtol=2e-3, atol=2e-3 * float(twin.abs().max()))


def test_pictures_agree_but_for_pixels_on_an_edge() -> None:
    pair = cases.hard_phong(CPU, views=2, size=32, sides=8, rings=12)
    ours, twin = pair.ours(), pair.twin()
    assert ours.shape == twin.shape == (2, 32, 32, 3)
    assert ((ours - twin).abs().amax(-1) > 1e-3).float().mean() < 0.01
    assert (twin < 1).any()


def test_sampled_points_have_the_same_moments() -> None:
    pair = cases.sample_points(CPU, meshes=2, points=20_000, level=1)
    for points in (pair.ours(), pair.twin()):
        assert points.shape == (2, 20_000, 3)
        moments = points.transpose(1, 2) @ points / points.shape[1]
        torch.testing.assert_close(points.mean(1), torch.zeros(2, 3), rtol=0, atol=0.02)
        torch.testing.assert_close(
            moments, moments[0, 0, 0] * torch.eye(3).expand(2, 3, 3), rtol=0.05, atol=0.02
        )


def volume(verts: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    a, b, c = verts[faces].unbind(1)
    return (a * torch.linalg.cross(b, c)).sum() / 6


def test_cubes_have_the_same_corners_sides_and_volume() -> None:
    pair = cases.cubes(CPU, grids=2, size=6)
    meshes = pair.ours()
    assert isinstance(meshes, Meshes)
    for mesh, (verts, faces) in zip(meshes, pair.twin(), strict=True):
        placed = verts * (2 / 5) - 1
        assert len(mesh.faces_packed()) == len(faces)
        ours = {tuple(v) for v in mesh.verts_packed().mul(1000).round().int().tolist()}
        assert ours == {tuple(v) for v in placed.mul(1000).round().int().tolist()}
        torch.testing.assert_close(volume(mesh.verts_packed(), mesh.faces_packed()), volume(placed, faces))


def test_level_sets_agree() -> None:
    pair = cases.level_set(CPU, size=6)
    for ours, twin in zip(pair.ours(), pair.twin(), strict=True):
        torch.testing.assert_close(ours[0].float(), twin[0].float(), rtol=0, atol=1e-5)


def test_solid_voxels_contain_the_inner_cells() -> None:
    pair = cases.solid_voxels(CPU, resolution=20, sides=12, rings=16)
    ours, inside = pair.ours(), pair.twin()
    assert (ours | ~inside).all()
    assert 0 < int(inside.sum()) < int(ours.sum())


def test_measure_counts_runs_and_orders_the_quartiles() -> None:
    calls: list[int] = []
    found = timing.measure(lambda: calls.append(1), CPU, repeats=5)
    assert len(calls) == 6
    assert found.runs == 5
    assert 0 < found.best <= found.low <= found.median <= found.high


def test_a_slow_call_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert timing.measure(lambda: None, CPU, repeats=5, patience=-1).runs == 1


def test_run_keeps_the_threads_and_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    row = ops.BenchRow(
        "nearest neighbour",
        cases.nearest_neighbour,
        {"points": 40},
        "40 against 40",
        1.0,
        "nobody",
        twin_sizes={"points": 20},
        twin_case="20 against 20",
    )
    monkeypatch.setattr(ops, "ROWS", (row,))
    before = torch.get_num_threads()
    result = ops.run("cpu", threads=1, repeats=2)
    assert torch.get_num_threads() == before
    assert result["threads"] == 1
    assert json.loads(json.dumps(result)) == result
    (measured,) = result["rows"]
    assert measured["speedup"] == measured["twin"]["median"] / measured["ours_at_twin_case"]["median"]
    assert "20 against 20" in ops.table(result)


def test_the_table_has_ten_operators_of_the_sizes_they_name() -> None:
    assert len({row.name for row in ops.ROWS}) == 10
    for row in ops.ROWS:
        assert bool(row.twin_sizes) == bool(row.twin_case)
        assert set(row.twin_sizes) <= set(row.sizes)
