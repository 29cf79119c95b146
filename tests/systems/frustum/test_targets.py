"""What is true in the frustums of drawn pictures: solids lie where pictures and depths show them."""

from dataclasses import replace

import pytest
import torch

from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.metrics.voxel_iou import voxel_iou
from maquette.structures.voxels import coarser
from maquette.systems.frustum.rays import filled
from maquette.systems.frustum.recipes import best
from maquette.systems.frustum.targets import NEEDS, object_grid, targets_of

RESOLUTION = 48


@pytest.fixture(scope="module")
def pack():
    return pack_families(8, 0, side=64)


@pytest.mark.parametrize(("flip", "stretch"), [(0.0, 1.0), (1.0, 1.0), (0.5, 2.0)])
def test_solids_are_where_pictures_show_them(pack, flip: float, stretch: float) -> None:
    config = replace(best().views, flip=flip, stretch=stretch)
    views = DrawnViews(pack, config, truth=NEEDS, side=64)
    batch = views.training_batch(3, 4, 2)
    targets = targets_of(batch, RESOLUTION)
    assert len(targets.images) == 8
    seen = targets.front >= 0
    at = targets.front[seen].floor().long()[:, None]
    near = torch.cat([(at + k).clamp(0, RESOLUTION - 1) for k in (-1, 0, 1)], dim=1)
    met = targets.solid[seen].gather(1, near).amax(1)
    assert (met > 0).float().mean() > 0.97  # the visible surface is solid
    before = torch.arange(RESOLUTION) < at - 1
    assert (targets.solid[seen] * before).sum() < 0.02 * targets.solid[seen].sum()  # nothing is before it


def test_the_truth_in_frustums_is_the_truth_in_the_objects_grid(pack) -> None:
    views = DrawnViews(pack, replace(best().views, flip=0.5, stretch=1.5), truth=NEEDS, side=64)
    batch = views.training_batch(1, 4, 1)
    targets = targets_of(batch, 96)
    field = filled(targets.solid, targets.on)
    made = object_grid(field, batch.truth.sides, targets.frustum, targets.pose)
    assert voxel_iou(made, coarser(batch.voxels, 32), 0.5).min() > 0.9
