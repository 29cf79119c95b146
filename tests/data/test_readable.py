"""Held pictures of what can be read."""

import torch

from maquette.data.readable import most_views, readable_batches
from voxel_fakes import BoxSource


def test_what_cannot_be_read_is_left_out_and_named():
    source = BoxSource({"test": 7}, broken=["test3"])
    problems = []
    found = list(readable_batches(source, [0, 2, 3, 4, 6], 2, 2, "cpu", problems))
    assert [places for _, places in found] == [[0, 2], [4], [6]]
    assert all(torch.equal(batch.truth.voxels, source.grids[places]) for batch, places in found)
    assert [problem.path for problem in problems] == ["test3.png"]


def test_the_most_pictures_of_an_object():
    source = BoxSource({"test": 3})
    assert most_views(source, [0, 1]) is None
    source.view_count = [4, 9, 2].__getitem__
    assert (most_views(source, [0, 2]), most_views(source, [])) == (4, None)
