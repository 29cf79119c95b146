"""Molding to points: a small sphere finds a small target, in the target's own coordinates."""

from dataclasses import replace

import pytest
import torch

from maquette.structures import Meshes
from maquette.systems.molding.optimise import MethodConfig
from maquette.systems.molding.points import PointsConfig, PointWeights, mold_to_points, score_points
from maquette.systems.molding.schedule import RemeshSchedule
from maquette.utils import ico_sphere

QUICK = MethodConfig(lr=0.2, betas=(0.5, 0.99))
SMALL = {"steps": 100, "points": 800, "pool": 20_000, "level": 2}


def egg() -> Meshes:
    """A stretched and bent sphere far from the origin."""
    verts = ico_sphere(2).verts_packed()
    bent = torch.stack([verts[:, 0] + 0.4 * verts[:, 1] ** 2, 1.6 * verts[:, 1], 0.6 * verts[:, 2]], dim=1)
    return Meshes([10 * bent + torch.tensor([100.0, -50.0, 20.0])], [ico_sphere(2).faces_packed()])


def fast(config: PointsConfig) -> PointsConfig:
    return replace(config, **SMALL)


@pytest.mark.parametrize(
    "config",
    [
        PointsConfig(method=QUICK, remesh=None),
        PointsConfig(method=QUICK, remesh=RemeshSchedule(every=20, coarse=0.3, fine=0.2)),
        replace(PointsConfig.tutorial(), method=MethodConfig.of("adam")),
    ],
    ids=["large-steps", "remeshed", "adam"],
)
def test_a_sphere_becomes_an_egg(config):
    target = egg()
    result = mold_to_points(target, fast(config))
    assert result.history["chamfer"][-1] < 0.1 * result.history["chamfer"][0]
    assert result.chamfer < 0.008
    assert result.f1 > 0.2
    low, high = result.mesh.get_bounding_boxes()[0].unbind(dim=1)
    torch.testing.assert_close(torch.stack([low, high]), target.get_bounding_boxes()[0].T, atol=1.5, rtol=0)


def test_every_term_has_its_curve():
    weights = PointWeights(edge=1.0, normal=0.01, laplacian=0.1, laplacian_kind="cot", quadric=0.001)
    result = mold_to_points(egg(), replace(fast(PointsConfig(weights)), steps=3, remesh=None))
    assert set(result.history) == {"chamfer", "edge", "normal", "laplacian", "quadric"}
    assert all(len(curve) == 3 for curve in result.history.values())


def test_quadrics_are_built_after_the_normalisation():
    # The same shape ten times as large and elsewhere gives the same loss: the world's units are gone.
    config = replace(fast(PointsConfig.seed002()), steps=1)
    verts, faces = egg().verts_packed(), egg().faces_packed()
    first, second = (
        mold_to_points(Meshes([v], [faces]), config).history["quadric"][0] for v in (verts, 10 * verts - 500)
    )
    assert first == pytest.approx(second, rel=1e-3)
    assert first < 100


def test_one_seed_gives_one_result_and_leaves_the_global_one_alone():
    config = replace(fast(PointsConfig()), steps=4)
    state = torch.get_rng_state()
    first, second = (mold_to_points(egg(), config) for _ in range(2))
    assert torch.equal(first.mesh.verts_packed(), second.mesh.verts_packed())
    assert (first.chamfer, first.f1) == (second.chamfer, second.f1)
    assert torch.equal(torch.get_rng_state(), state)
    other = mold_to_points(egg(), replace(config, seed=1))
    assert not torch.equal(first.mesh.verts_packed(), other.mesh.verts_packed())


def test_the_watcher_sees_every_step():
    seen = []
    config = replace(fast(PointsConfig()), steps=3)
    mold_to_points(egg(), config, watch=lambda step, molder, terms: seen.append((step, *terms)))
    assert seen == [(step, "chamfer", "edge", "normal") for step in range(3)]


def test_scores_of_a_mesh_with_itself_and_with_one_far_away():
    sphere = ico_sphere(2)
    chamfer, f1 = score_points(sphere, sphere, points=5000, distance=0.1)
    assert chamfer < 2e-3
    assert f1 > 0.99
    chamfer, f1 = score_points(sphere, sphere.offset_verts(torch.tensor([5.0, 0, 0]).expand(162, 3)))
    assert chamfer > 18
    assert f1 == 0


def test_targets_that_cannot_be_molded_to_are_refused():
    sphere = ico_sphere(0)
    with pytest.raises(ValueError, match="one mesh"):
        mold_to_points(sphere.extend(2))
    with pytest.raises(ValueError, match="one mesh"):
        mold_to_points(Meshes([torch.rand(3, 3)], [torch.zeros(0, 3, dtype=torch.long)]))
