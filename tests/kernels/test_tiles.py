"""Which faces a tile looks at: all that touch it, and few others."""

import pytest
import torch

from maquette.kernels.tiles import binned_tiles, whole_tiles
from tests.kernels.raster_twins import pixel_grid
from tests.kernels.test_silhouette import random_mesh


def listed(tiles) -> list[list[int]]:
    return [tiles.faces[a:b].tolist() for a, b in zip(tiles.first[:-1], tiles.first[1:], strict=True)]


@pytest.mark.parametrize("size", [(16, 16), (17, 33), (40, 9)])
@pytest.mark.parametrize("margin", [0.0, 0.2])
def test_every_pixel_within_a_faces_box_has_it_in_its_tile(size, margin):
    verts, faces = random_mesh(3, 50)
    tiles = binned_tiles(verts, faces, torch.zeros(50, dtype=torch.long), 1, size, margin, tile=8)
    lists = [set(x) for x in listed(tiles)]
    corners = verts[faces][..., :2].double()
    low, high = corners.amin(1) - margin, corners.amax(1) + margin
    pixels = pixel_grid(*size)
    touching = ((pixels[:, None] >= low) & (pixels[:, None] <= high)).all(-1)
    for pixel, face in touching.nonzero().tolist():
        row, column = divmod(pixel, size[1])
        assert face in lists[row // 8 * tiles.across + column // 8]


def test_a_small_face_is_in_few_tiles_and_lists_are_sorted():
    corner = torch.tensor([[0.9, 0.9, 1.0], [0.85, 0.9, 1.0], [0.9, 0.85, 1.0]])
    wide = torch.tensor([[2.0, 2.0, 1.0], [-2.0, 2.0, 1.0], [0.0, -3.0, 1.0]])
    verts = torch.cat((wide, corner, wide))
    tiles = binned_tiles(
        verts, torch.arange(9).reshape(3, 3), torch.zeros(3, dtype=torch.long), 1, (64, 64), 0.0
    )
    lists = listed(tiles)
    assert tiles.count == 64
    assert sum(1 in x for x in lists) <= 4
    assert all(x == sorted(x) and {0, 2} <= set(x) for x in lists)


def test_pictures_do_not_share_lists():
    verts, faces = random_mesh(1, 20)
    owner = torch.tensor([0] * 12 + [2] * 8)
    lists = listed(binned_tiles(verts, faces, owner, 3, (16, 24), 0.0))
    each = len(lists) // 3
    assert all(f < 12 for x in lists[:each] for f in x)
    assert not any(lists[each : 2 * each])
    assert all(f >= 12 for x in lists[2 * each :] for f in x)


def test_faces_that_are_nowhere():
    """Off the picture, not finite, or none at all."""
    verts = torch.tensor([[9.0, 9, 1], [8, 9, 1], [9, 8, 1], [torch.nan, 0, 1], [torch.inf, 0, 1], [0, 0, 1]])
    tiles = binned_tiles(
        verts, torch.arange(6).reshape(2, 3), torch.zeros(2, dtype=torch.long), 1, (16, 16), 0.0
    )
    assert len(tiles.first) == tiles.count + 1
    assert all(0 not in x for x in listed(tiles)[1:])
    none = binned_tiles(torch.zeros(0, 3), torch.zeros(0, 3, dtype=torch.long), torch.zeros(0, dtype=torch.long),
                        2, (16, 16), 0.0)  # fmt: skip
    assert none.first.tolist() == [0] * (none.count + 1)


@pytest.mark.parametrize(("pictures", "size"), [(1, (33, 20)), (1, (2, 20)), (8, (32, 32))])
@pytest.mark.parametrize("threads", [1, 4])
def test_whole_tiles_cover_each_row_once(pictures, size, threads):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        tiles = whole_tiles(pictures, size, torch.device("cpu"))
    finally:
        torch.set_num_threads(before)
    assert (tiles.down - 1) * tiles.height < size[0] <= tiles.down * tiles.height
    assert (tiles.across, tiles.width, tiles.count) == (1, size[1], pictures * tiles.down)
    assert tiles.down == 1 or threads > 1
    if tiles.pieces is not None:
        assert [i for start, stop in tiles.pieces for i in range(start, stop)] == list(range(tiles.count))


@pytest.mark.parametrize("margin", [0.0, 0.1])
def test_listed_work_grows_with_the_pixels_and_no_faster(margin):
    """Twice the side: four times the pixels, and at most about four times the tiles that a face is listed in."""
    verts, faces = random_mesh(5, 200)
    owner = torch.zeros(200, dtype=torch.long)
    work = [len(binned_tiles(verts, faces, owner, 1, (s, s), margin).faces) for s in (128, 256)]
    assert work[1] < 5 * work[0]
