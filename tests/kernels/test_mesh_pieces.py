"""Pieces of meshes against scipy's connected components."""

import numpy as np
import pytest
import torch
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from maquette.kernels.mesh_pieces import pieces


@pytest.mark.parametrize("edges", [0, 30, 120, 4000])
def test_matches_connected_components(edges):
    count = 150
    around = [torch.randint(0, count, (n,)) for n in torch.randint(1, 4, (edges,)).tolist()]
    starts = torch.tensor([0, *map(len, around)]).cumsum(0)
    faces = torch.cat(around) if around else torch.zeros(0, dtype=torch.int64)
    links = [(int(own[0]), int(other)) for own in around for other in own]
    rows, columns = np.array(links, np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(count, count))
    expected = connected_components(graph, directed=False)[1]
    assert pieces(starts, faces, count).tolist() == expected.tolist()


def test_a_long_strip_in_any_order_is_one_piece():
    order = torch.randperm(50_000)
    faces = torch.stack([order[:-1], order[1:]], 1).ravel()
    assert not pieces(torch.arange(0, len(faces) + 1, 2), faces, len(order)).any()
