"""Forms of `Meshes`: lists, packed and padded tensors, indices and edges agree with one another."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.structures import Meshes

sizes_of_batch = st.lists(st.tuples(st.integers(3, 7), st.integers(0, 6)), min_size=1, max_size=4)


def random_meshes(sizes, padded=False, dtype=torch.float32):
    """A batch with the given (vertices, faces) sizes; faces may be degenerate."""
    verts = [torch.rand(v, 3, dtype=dtype) for v, _ in sizes]
    faces = [torch.randint(v, (f, 3)) for v, f in sizes]
    return Meshes(torch.stack(verts), torch.stack(faces)) if padded else Meshes(verts, faces)


def edges_by_hand(faces):
    """Sorted distinct vertex pairs of packed faces."""
    pairs = {tuple(sorted(pair)) for a, b, c in faces.tolist() for pair in ((a, b), (b, c), (c, a))}
    return sorted(pairs)


@settings(max_examples=40, deadline=None)
@given(sizes_of_batch)
def test_forms_agree(sizes):
    meshes = random_meshes(sizes)
    if meshes.isempty():
        assert all(f == 0 for _, f in sizes)
        return
    verts, faces = meshes.verts_list(), meshes.faces_list()
    first = meshes.mesh_to_verts_packed_first_idx()
    assert torch.equal(meshes.verts_packed(), torch.cat(verts))
    moved = torch.cat([item + shift for item, shift in zip(faces, first, strict=True)])
    assert torch.equal(meshes.faces_packed(), moved)
    for i, (item, corner) in enumerate(zip(verts, faces, strict=True)):
        assert torch.equal(meshes.verts_padded()[i, : len(item)], item)
        assert meshes.verts_padded()[i, len(item) :].eq(0).all()
        assert torch.equal(meshes.faces_padded()[i, : len(corner)], corner)
        assert meshes.faces_padded()[i, len(corner) :].eq(-1).all()
    owners = [i for i, (v, _) in enumerate(sizes) for _ in range(v)]
    assert meshes.verts_packed_to_mesh_idx().tolist() == owners
    assert meshes.faces_packed_to_mesh_idx().tolist() == [
        i for i, (_, f) in enumerate(sizes) for _ in range(f)
    ]
    flat = meshes.verts_padded().reshape(-1, 3)
    assert torch.equal(flat[meshes.verts_padded_to_packed_idx()], meshes.verts_packed())
    assert meshes.num_verts_per_mesh().tolist() == [v for v, _ in sizes]
    assert meshes.num_faces_per_mesh().tolist() == [f for _, f in sizes]
    assert meshes.valid.tolist() == [f > 0 for _, f in sizes]


@settings(max_examples=40, deadline=None)
@given(sizes_of_batch, st.integers(1, 3))
def test_edges_by_hand_also_of_copies(sizes, copies):
    source = random_meshes(sizes)
    if source.isempty():
        assert source.edges_packed().shape == (0, 2)
        return
    for meshes in (source, source.extend(copies)):
        edges = meshes.edges_packed()
        assert [tuple(edge) for edge in edges.tolist()] == edges_by_hand(meshes.faces_packed())
        owner = meshes.verts_packed_to_mesh_idx()[edges[:, 0]]
        assert torch.equal(meshes.edges_packed_to_mesh_idx(), owner)
        count = torch.bincount(owner, minlength=len(meshes))
        assert meshes.num_edges_per_mesh().dtype == torch.int32
        assert torch.equal(meshes.num_edges_per_mesh().long(), count)
        assert torch.equal(meshes.mesh_to_edges_packed_first_idx(), count.cumsum(0) - count)
        for corner in range(3):
            pair = meshes.faces_packed()[:, [(corner + 1) % 3, (corner + 2) % 3]].sort(1).values
            assert torch.equal(edges[meshes.faces_packed_to_edges_packed()[:, corner]], pair)


@pytest.mark.parametrize("sizes", [[(5, 4), (5, 4)], [(5, 4), (6, 4)], [(5, 2), (5, 4)], [(4, 0), (5, 3)]])
@pytest.mark.parametrize("warm", [False, True])
def test_extend_equals_a_batch_built_anew(sizes, warm):
    source = random_meshes(sizes)
    if warm:
        source.edges_packed(), source.verts_padded(), source.verts_normals_packed()
    wide = source.extend(2).extend(2)
    verts = [v for v in source.verts_list() for _ in range(4)]
    fresh = Meshes(verts, [f for f in source.faces_list() for _ in range(4)])
    for form in [
        "verts_packed",
        "verts_padded",
        "faces_packed",
        "faces_padded",
        "edges_packed",
        "faces_packed_to_edges_packed",
        "verts_normals_padded",
        "faces_normals_padded",
        "faces_areas_packed",
        "num_edges_per_mesh",
        "valid",
    ]:
        mine, theirs = getattr(wide, form), getattr(fresh, form)
        mine, theirs = (mine(), theirs()) if callable(mine) else (mine, theirs)
        torch.testing.assert_close(mine, theirs)
    for form in ("verts_list", "faces_list"):
        assert all(map(torch.equal, getattr(wide, form)(), getattr(fresh, form)()))
    pointers = [tensor.data_ptr() for tensor in wide.verts_list() + source.verts_list()]
    assert len(set(pointers)) == len(pointers)
    assert wide.equisized == fresh.equisized


def test_copies_do_not_follow_later_changes_of_the_source():
    verts = torch.rand(4, 3)
    source = Meshes([verts], [torch.tensor([[0, 1, 2], [1, 2, 3]])])
    before = verts.clone()
    wide = source.extend(2)
    verts.zero_()
    assert torch.equal(wide.verts_packed(), before.repeat(2, 1))


def test_extend_sums_gradients_of_all_copies():
    verts = torch.rand(4, 3, dtype=torch.float64, requires_grad=True)
    source = Meshes([verts], [torch.tensor([[0, 1, 2], [1, 2, 3]])])
    weights = torch.rand(12, 3, dtype=torch.float64)
    (source.extend(3).verts_packed() * weights).sum().backward()
    torch.testing.assert_close(verts.grad, weights.view(3, 4, 3).sum(0))


def test_packed_and_padded_share_memory_where_sizes_agree():
    padded = torch.rand(3, 5, 3)
    meshes = Meshes(padded, torch.randint(5, (3, 2, 3)))
    assert meshes.verts_packed().data_ptr() == padded.data_ptr()
    verts = torch.rand(5, 3)
    single = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    assert single.verts_packed().data_ptr() == single.verts_padded().data_ptr() == verts.data_ptr()


def test_padded_faces_keep_all_vertices():
    faces = torch.tensor([[[0, 1, 2], [1, 2, 3]], [[0, 1, 2], [-1, -1, -1]], [[-1] * 3, [-1] * 3]])
    meshes = Meshes(torch.rand(3, 4, 3), faces)
    assert meshes.num_faces_per_mesh().tolist() == [2, 1, 0]
    assert meshes.num_verts_per_mesh().tolist() == [4, 4, 4]
    assert meshes.valid.tolist() == [True, True, False]
    assert not meshes.equisized
    assert [len(f) for f in meshes.faces_list()] == [2, 1, 0]
    assert meshes.faces_packed().tolist() == [[0, 1, 2], [1, 2, 3], [4, 5, 6]]


def test_faces_with_negative_indices_leave_a_list():
    meshes = Meshes([torch.rand(4, 3)], [torch.tensor([[0, 1, 2], [-1, -1, -1], [1, 2, 3]])])
    assert meshes.faces_list()[0].tolist() == [[0, 1, 2], [1, 2, 3]]


def test_faces_of_any_number_type_become_indices():
    faces = torch.tensor([[0, 1, 2]])
    for dtype in (torch.int32, torch.float32, torch.uint8):
        assert torch.equal(Meshes([torch.rand(3, 3)], [faces.to(dtype)]).faces_packed(), faces)


@pytest.mark.parametrize("meshes", [Meshes([], []), Meshes(torch.zeros(0, 4, 3), torch.zeros(0, 2, 3))])
def test_batch_of_no_meshes(meshes):
    assert len(meshes) == 0
    assert meshes.isempty()
    for form in ("verts_packed", "faces_packed", "verts_padded", "faces_padded", "edges_packed"):
        assert getattr(meshes, form)().shape[0] == 0
    for form in ("verts_list", "faces_list", "verts_normals_list", "faces_normals_list"):
        assert getattr(meshes, form)() == []
    assert meshes.num_verts_per_mesh().shape == meshes.num_faces_per_mesh().shape == (0,)
    assert meshes.num_edges_per_mesh().shape == (0,)


def test_meshes_without_faces_count_as_empty():
    meshes = Meshes([torch.rand(3, 3), torch.tensor([])], [torch.tensor([]), torch.tensor([])])
    assert meshes.isempty()
    assert len(meshes) == 2
    assert meshes.verts_padded().shape == meshes.faces_padded().shape == (2, 0, 3)
    assert meshes.verts_packed().shape == (0, 3)
    assert meshes.num_verts_per_mesh().shape == (0,)
    wide = meshes.extend(2)
    assert len(wide) == 4
    assert wide.verts_packed().shape == (0, 3)
    assert meshes.offset_verts(torch.ones(3)).verts_packed().shape == (0, 3)
    assert meshes.scale_verts(2.0).isempty()


def test_one_empty_mesh_among_others():
    meshes = Meshes(
        [torch.tensor([]), torch.rand(4, 3)], [torch.tensor([]), torch.tensor([[0, 1, 2], [1, 2, 3]])]
    )
    assert meshes.faces_packed().tolist() == [[0, 1, 2], [1, 2, 3]]
    assert meshes.verts_padded().shape == (2, 4, 3)
    assert meshes.faces_padded()[0].eq(-1).all()
    assert meshes.num_edges_per_mesh().tolist() == [0, 5]
    assert meshes.extend(2).num_edges_per_mesh().tolist() == [0, 0, 5, 5]
    assert len(meshes.verts_normals_list()[0]) == 0


@pytest.mark.parametrize(
    ("verts", "faces", "message"),
    [
        ([torch.rand(3, 3)], torch.zeros(1, 1, 3), "must be either a list or a tensor"),
        ([torch.rand(3, 3)], [], "same length"),
        (torch.rand(1, 3, 3), torch.zeros(2, 1, 3), "same length"),
        ([torch.rand(3, 2)], [torch.zeros(1, 3)], "incorrect dimensions"),
        ([torch.rand(3, 3)], [torch.zeros(1, 4)], "incorrect dimensions"),
        ([torch.rand(3, 3)], [torch.tensor([[0, 1, 3]])], "vertex 3, but its mesh has 3 vertices"),
        ([torch.rand(3, 3), torch.rand(4, 3)], [torch.tensor([[0, 1, 3]])] * 2, "vertex 3"),
        ([torch.rand(4, 3)], [torch.tensor([[0, 1, 2**31]])], "vertex 2147483648"),
        ([torch.tensor([])], [torch.tensor([[0, 0, 0]])], "0 vertices"),
        (torch.rand(2, 3, 3), torch.tensor([[[0, 1, 2]], [[0, 5, 2]]]), "vertex 5"),
        (torch.rand(1, 3, 2), torch.zeros(1, 1, 3), "incorrect dimensions"),
        (torch.rand(1, 3, 3), torch.zeros(1, 1, 4), "incorrect dimensions"),
        (torch.rand(1, 3, 3), torch.tensor([[[-1, -1, -1], [0, 1, 2]]]), "Padding of faces"),
        ([torch.rand(3, 3, device="meta")], [torch.tensor([[0, 1, 2]])], "same device"),
        (torch.rand(1, 3, 3, device="meta"), torch.tensor([[[0, 1, 2]]]), "same device"),
    ],
)
def test_constructor_errors(verts, faces, message):
    with pytest.raises(ValueError, match=message):
        Meshes(verts, faces)
