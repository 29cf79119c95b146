"""Everything that makes one batch of meshes out of another."""

import pytest
import torch

from maquette.structures import Meshes
from maquette.structures.fragments import Fragments
from maquette.structures.textures_vertex import TexturesVertex

NOTHING_SEEN = Fragments(*torch.full((4, 1, 1, 1, 1), -1.0))
FORMS = [
    "verts_packed",
    "verts_padded",
    "faces_packed",
    "faces_padded",
    "edges_packed",
    "faces_packed_to_edges_packed",
    "edges_packed_to_mesh_idx",
    "mesh_to_edges_packed_first_idx",
    "verts_packed_to_mesh_idx",
    "faces_packed_to_mesh_idx",
    "verts_padded_to_packed_idx",
    "verts_normals_packed",
    "verts_normals_padded",
    "faces_normals_packed",
    "faces_normals_padded",
    "faces_areas_packed",
    "num_verts_per_mesh",
    "num_faces_per_mesh",
    "get_bounding_boxes",
]


def random_batch(kind="mixed", textured=False):
    sizes = {"mixed": [(5, 4), (7, 6), (4, 2)], "equal": [(5, 4)] * 3, "single": [(6, 5)]}[kind]
    verts = [torch.rand(v, 3, dtype=torch.float64) for v, _ in sizes]
    faces = [torch.stack([torch.randperm(v)[:3] for _ in range(f)]) for v, f in sizes]
    textures = TexturesVertex([torch.rand(v, 3) for v, _ in sizes]) if textured else None
    return Meshes(verts, faces, textures)


def warm(meshes):
    """Compute every form, so that a stale one would be seen."""
    for form in FORMS:
        getattr(meshes, form)()
    meshes.laplacian_packed(), meshes.verts_list(), meshes.faces_list()
    return meshes


def assert_same(meshes, verts, faces):
    fresh = Meshes(list(verts), list(faces))
    for form in FORMS:
        torch.testing.assert_close(getattr(meshes, form)(), getattr(fresh, form)())
    torch.testing.assert_close(meshes.laplacian_packed().to_dense(), fresh.laplacian_packed().to_dense())
    for form in ("verts_list", "faces_list", "verts_normals_list", "faces_normals_list"):
        for mine, expected in zip(getattr(meshes, form)(), getattr(fresh, form)(), strict=True):
            torch.testing.assert_close(mine, expected)


@pytest.mark.parametrize("kind", ["mixed", "equal", "single"])
@pytest.mark.parametrize("is_warm", [False, True])
@pytest.mark.parametrize("copies", [1, 2])
class TestNoStaleForm:
    def source(self, kind, is_warm, copies):
        meshes = random_batch(kind)
        meshes = meshes.extend(copies) if copies > 1 else meshes
        return warm(meshes) if is_warm else meshes

    def test_offset(self, kind, is_warm, copies):
        meshes = self.source(kind, is_warm, copies)
        verts, faces = meshes.clone().verts_list(), meshes.faces_list()
        offsets = torch.rand(sum(map(len, verts)), 3, dtype=torch.float64)
        moved = meshes.offset_verts(offsets)
        parts = offsets.split([len(v) for v in verts])
        assert_same(moved, map(torch.add, verts, parts), faces)
        assert_same(meshes, verts, faces)
        shift = torch.tensor([1.0, -2, 3], dtype=torch.float64)
        assert meshes.offset_verts_(shift) is meshes
        assert_same(meshes, [v + shift for v in verts], faces)

    def test_scale(self, kind, is_warm, copies):
        meshes = self.source(kind, is_warm, copies)
        verts, faces = meshes.clone().verts_list(), meshes.faces_list()
        factors = torch.arange(1.0, len(meshes) + 1, dtype=torch.float64)
        assert_same(meshes.scale_verts(factors), map(torch.mul, verts, factors), faces)
        assert_same(meshes, verts, faces)
        assert meshes.scale_verts_(3) is meshes
        assert_same(meshes, [3 * v for v in verts], faces)

    def test_update_padded(self, kind, is_warm, copies):
        meshes = self.source(kind, is_warm, copies)
        verts, faces = meshes.clone().verts_list(), meshes.faces_list()
        new = torch.rand_like(meshes.verts_padded()) * meshes.verts_padded().ne(0)
        updated = meshes.update_padded(new)
        assert updated.verts_padded() is new
        assert_same(updated, [row[: len(v)] for row, v in zip(new, verts, strict=True)], faces)
        assert_same(meshes, verts, faces)

    def test_clone_and_detach(self, kind, is_warm, copies):
        meshes = self.source(kind, is_warm, copies)
        cloned, detached = meshes.clone(), meshes.detach()
        assert_same(cloned, meshes.verts_list(), meshes.faces_list())
        assert_same(detached, meshes.verts_list(), meshes.faces_list())
        for form in ("verts_packed", "verts_padded", "faces_packed", "edges_packed"):
            mine, other = getattr(meshes, form)(), getattr(cloned, form)()
            assert mine.data_ptr() != other.data_ptr()

    def test_select(self, kind, is_warm, copies):
        meshes = self.source(kind, is_warm, copies)
        verts, faces = meshes.verts_list(), meshes.faces_list()
        last = len(meshes) - 1
        mask = torch.zeros(len(meshes), dtype=torch.bool)
        mask[last] = True
        for index in (last, -1, [last], slice(last, None), torch.tensor([last]), mask):
            assert_same(meshes[index], [verts[last]], [faces[last]])
        assert meshes[last].verts_packed().data_ptr() == verts[last].data_ptr()


def test_given_padded_vertices_are_never_written():
    verts = torch.rand(2, 4, 3)
    before = verts.clone()
    meshes = Meshes(verts, torch.tensor([[[0, 1, 2]], [[1, 2, 3]]]))
    meshes.offset_verts_(torch.ones(3)).scale_verts_(2.0)
    assert torch.equal(verts, before)
    leaf = torch.rand(2, 4, 3, requires_grad=True)
    Meshes(leaf, torch.tensor([[[0, 1, 2]], [[1, 2, 3]]])).offset_verts_(
        torch.ones(8, 3)
    ).verts_padded().sum().backward()
    assert leaf.grad.eq(1).all()


def test_edges_are_found_once_for_all_descendants(monkeypatch):
    from maquette.structures.meshes import edges

    calls = []
    found = edges.find_edges
    monkeypatch.setattr(edges, "find_edges", lambda *args: calls.append(1) or found(*args))
    source = random_batch("mixed")
    for _ in range(2):
        moved = source.offset_verts(torch.rand(16, 3))
        moved.extend(3).edges_packed()
        moved.scale_verts(2.0).edges_packed()
        moved.update_padded(torch.rand_like(moved.verts_padded())).edges_packed()
    assert len(calls) == 1


def test_gradients_reach_offsets_through_a_chain():
    offsets = torch.zeros(16, 3, requires_grad=True)
    meshes = random_batch("mixed").offset_verts(offsets).scale_verts(2.0).extend(2)
    meshes.verts_padded().sum().backward()
    assert offsets.grad.eq(4).all()


def test_given_normals_stay_under_a_shift_only():
    normals = [torch.rand(4, 3)]
    meshes = Meshes([torch.rand(4, 3)], [torch.tensor([[0, 1, 2], [1, 2, 3]])], verts_normals=normals)
    meshes.offset_verts_(torch.ones(3))
    assert torch.equal(meshes.verts_normals_packed(), normals[0])
    meshes.offset_verts_(torch.rand(4, 3))
    assert meshes.has_verts_normals()
    assert not torch.equal(meshes.verts_normals_packed(), normals[0])


def test_detach_cuts_and_float64_stays():
    verts = torch.rand(4, 3, dtype=torch.float64, requires_grad=True)
    meshes = Meshes([verts], [torch.tensor([[0, 1, 2], [1, 2, 3]])])
    assert meshes.verts_normals_packed().dtype == torch.float64
    assert meshes.scale_verts(2.0).verts_packed().dtype == torch.float64
    assert not warm(meshes).detach().verts_packed().requires_grad
    assert meshes.verts_packed().requires_grad


def test_to():
    meshes = warm(random_batch("mixed", textured=True))
    assert meshes.to("cpu") is meshes.cpu() is meshes
    assert meshes.to("cpu", copy=True) is not meshes
    away = meshes.to("meta")
    assert away.device.type == away.verts_packed().device.type == away.valid.device.type == "meta"
    assert meshes.device.type == "cpu"


def test_split_and_single_meshes():
    meshes = random_batch("mixed")
    first, rest = meshes.split([1, 2])
    assert (len(first), len(rest)) == (1, 2)
    assert rest.verts_list()[1] is meshes.verts_list()[2]
    assert torch.equal(meshes.get_mesh_verts_faces(1)[0], meshes.verts_list()[1])
    assert [len(mesh) for mesh in meshes] == [1, 1, 1]


def test_submeshes():
    verts = torch.arange(18.0).view(6, 3)
    faces = torch.tensor([[0, 6 - 1, 4], [0, 2, 5], [1, 2, 3]])
    colors = torch.rand(6, 3)
    meshes = Meshes([verts, verts + 1], [faces, faces], TexturesVertex([colors, colors]))
    parts = meshes.submeshes([[torch.tensor([0, 1]), torch.tensor([2])], []])
    assert len(parts) == 2
    assert torch.equal(parts.verts_list()[0], verts[[0, 2, 4, 5]])
    assert parts.faces_list()[0].tolist() == [[0, 3, 2], [0, 1, 3]]
    assert parts.faces_list()[1].tolist() == [[0, 1, 2]]
    assert torch.equal(parts.textures.verts_features_list()[1], colors[[1, 2, 3]])
    assert len(meshes.submeshes(torch.tensor([[[0]], [[1]]]))) == 2
    with pytest.raises(ValueError, match="exactly one set"):
        meshes.submeshes([[]])


def test_textures_follow():
    meshes = random_batch("mixed", textured=True)
    colors = meshes.textures.verts_features_list()
    assert torch.equal(meshes[1].textures.verts_features_list()[0], colors[1])
    wide = meshes.extend(2).textures
    assert torch.equal(wide.verts_features_list()[3], colors[1])
    assert wide._num_verts_per_mesh == [5, 5, 7, 7, 4, 4]
    assert meshes.textures._num_faces_per_mesh == [4, 6, 2]
    for other in (
        meshes.clone(),
        meshes.detach(),
        meshes.offset_verts(torch.ones(3)),
        meshes.scale_verts(2.0),
    ):
        assert torch.equal(other.textures.verts_features_packed(), torch.cat(colors))
    assert meshes.update_padded(meshes.verts_padded()).textures is meshes.textures


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda m: m[1.5], Exception, ""),
        (lambda m: m[torch.tensor([0.0])], IndexError, ""),
        (lambda m: m[7], IndexError, ""),
        (lambda m: m.extend(0), ValueError, "N must be > 0"),
        (lambda m: m.split([1, 0.5]), Exception, ""),
        (lambda m: m.get_mesh_verts_faces(3), ValueError, "range"),
        (lambda m: m.offset_verts(torch.ones(2, 3)), ValueError, "Verts offsets"),
        (lambda m: m.update_padded(torch.ones(2, 7, 3)), ValueError, "batch dimension"),
        (lambda m: m.update_padded(torch.ones(3, 6, 3)), ValueError, "number of points"),
        (lambda m: m.sample_textures(NOTHING_SEEN), ValueError, "does not have textures"),
        (lambda m: Meshes(m.verts_list(), m.faces_list(), "red"), ValueError, "TexturesBase"),
        (
            lambda m: Meshes(m.verts_list(), m.faces_list(), TexturesVertex([torch.rand(2, 3)])),
            ValueError,
            "do not match",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message or None):
        call(random_batch("mixed"))


@pytest.mark.parametrize("kind", ["mixed", "equal"])
def test_writing_into_one_mesh_leaves_the_batch_alone(kind):
    meshes = random_batch("mixed") if kind == "mixed" else random_batch("mixed")[1].extend(2)
    verts, faces = meshes.verts_packed().clone(), meshes.faces_packed().clone()
    for i in range(len(meshes)):
        own_verts, own_faces = meshes.get_mesh_verts_faces(i)
        own_verts *= 2
        own_faces += 1
    assert torch.equal(meshes.verts_packed(), verts)
    assert torch.equal(meshes.faces_packed(), faces)
    assert torch.equal(torch.cat(meshes.verts_list()), verts)
