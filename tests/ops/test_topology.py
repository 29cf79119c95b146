"""What is remembered about edges, and what is taken through it."""

import gc
import weakref

import torch

from maquette.ops.topology import (
    adjacent_faces,
    find_neighbours,
    plan_rows,
    remembered,
    sum_neighbours,
    take_rows,
)
from mesh_shapes import hinge, mixed_batch


def test_remembered_until_changed_or_freed():
    calls = []

    def build():
        calls.append(1)
        return torch.ones(3)

    key = torch.zeros(4)
    first = remembered(key, "x", build)
    assert remembered(key, "x", build) is first
    key += 1
    second = remembered(key, "x", build)
    assert second is not first
    gone = weakref.ref(second)
    del key, second
    gc.collect()
    assert gone() is None
    assert len(calls) == 2


def test_nothing_is_kept_of_inference_tensors():
    with torch.inference_mode():
        key = torch.zeros(2)
    assert remembered(key, "x", lambda: 1) == 1
    assert remembered(key, "x", lambda: 2) == 2


def test_neighbours_of_a_path():
    around = find_neighbours(torch.tensor([[0, 1], [1, 2]]), 4)
    assert around.first.tolist() == [0, 1, 3, 4, 4]
    assert around.vert.tolist()[0] == 1
    assert sorted(around.vert.tolist()[1:3]) == [0, 2]
    assert around.edge.tolist()[3] == 1


def test_weighted_sums_match_a_dense_matrix():
    edges, weights = torch.randint(0, 9, (20, 2)), torch.randn(20, dtype=torch.float64)
    x = torch.randn(9, 3, dtype=torch.float64, requires_grad=True)
    dense = torch.zeros(9, 9, dtype=torch.float64)
    dense.index_put_((edges[:, 0], edges[:, 1]), weights, accumulate=True)
    torch.testing.assert_close(sum_neighbours(x, edges, weights, directed=True), dense @ x)
    torch.testing.assert_close(sum_neighbours(x, edges, weights), (dense + dense.t()) @ x)
    assert torch.autograd.gradcheck(lambda v: sum_neighbours(v, edges, weights, directed=True), x)


def test_take_rows_and_its_gradients():
    rows = plan_rows(torch.tensor([3, 1, 1, 0]), 5)
    x = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.equal(take_rows(x, rows), x[rows.row])
    assert torch.autograd.gradcheck(lambda v: take_rows(v, rows), x)
    assert torch.autograd.gradgradcheck(lambda v: take_rows(v, rows).exp(), x)


def test_adjacent_faces_of_a_hinge_and_of_a_batch():
    pairs = adjacent_faces(hinge(10.0))
    assert pairs.faces.row.tolist() == [0, 1]
    assert pairs.sign.tolist() == [1.0]
    batch = adjacent_faces(mixed_batch())
    assert batch.per_mesh[0] == 6
    assert batch.per_mesh[1] == 0
    assert torch.equal(batch.to_mesh.bincount(minlength=4), batch.per_mesh)
