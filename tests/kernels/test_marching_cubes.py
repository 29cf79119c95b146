"""The marching cubes kernels against the plain torch version, and the tables' own symmetries."""

import pytest
import torch

from maquette.kernels.marching_cubes_tables import CORNERS, EDGES, TRIANGLES, earlier_cells
from maquette.ops import marching_cubes
from maquette.ops.marching_cubes import marching_cubes_naive


def random_volume(kind):
    if kind == "smooth":
        return torch.nn.functional.avg_pool3d(torch.rand(1, 12, 14, 16), 3, 1)
    if kind == "integers":  # many values exactly on the level
        return torch.randint(0, 4, (2, 9, 8, 7)).float()
    if kind == "large":
        return 1e4 * torch.randn(1, 8, 7, 9)
    return torch.rand(2, 7, 8, 9)


@pytest.mark.parametrize("kind", ["uniform", "smooth", "integers", "large"])
@pytest.mark.parametrize("level", [None, 1.0, 0.5, 2.000001])
@pytest.mark.parametrize("local", [True, False])
def test_matches_plain_torch(kind, level, local):
    volume = random_volume(kind)
    verts, faces = marching_cubes(volume, level, local)
    verts_plain, faces_plain = marching_cubes_naive(volume, level, local)
    for v, f, v_plain, f_plain in zip(verts, faces, verts_plain, faces_plain, strict=True):
        if len(f_plain) == 0:
            assert v == f == []
            continue
        assert torch.equal(f, f_plain)
        torch.testing.assert_close(v, v_plain, rtol=1e-5, atol=1e-5)


def test_every_case_cuts_exactly_the_edges_whose_ends_differ():
    for case, row in enumerate(TRIANGLES):
        crossed = {e for e, (a, b) in enumerate(EDGES) if (case >> a & 1) != (case >> b & 1)}
        assert set(row) == crossed


def test_shared_edges_of_cells_are_the_same_grid_edges():
    for edge, (begin, end) in enumerate(EDGES):
        for *step, other in earlier_cells(edge):
            for mine, theirs in zip((begin, end), EDGES[other], strict=True):
                shifted = [c + s for c, s in zip(CORNERS[theirs], step, strict=True)]
                assert shifted == list(CORNERS[mine])
