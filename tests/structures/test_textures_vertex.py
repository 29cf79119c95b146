import pytest
import torch

from maquette.structures import Meshes
from maquette.structures.fragments import Fragments
from maquette.structures.textures_atlas import TexturesAtlas
from maquette.structures.textures_vertex import TexturesVertex

SIZES = (4, 6, 3)


def features(channels: int = 3) -> list[torch.Tensor]:
    return [torch.rand(n, channels) for n in SIZES]


def meshes(textures=None) -> Meshes:
    verts = [torch.rand(n, 3) for n in SIZES]
    faces = [torch.tensor([[0, 1, 2], [2, 1, n - 1]]) for n in SIZES]
    return Meshes(verts, faces, textures)


def fragments(faces: list[int], bary: torch.Tensor) -> Fragments:
    pix_to_face = torch.tensor(faces).view(1, 1, -1, 1)
    zbuf = torch.ones(pix_to_face.shape)
    return Fragments(pix_to_face, zbuf, bary.view(1, 1, -1, 1, 3), zbuf)


def test_forms_agree():
    items = features()
    of_list, of_padded = TexturesVertex(items), TexturesVertex(TexturesVertex(items).verts_features_padded())
    of_padded._num_verts_per_mesh = list(SIZES)
    assert of_list.verts_features_padded().shape == (3, 6, 3)
    assert of_list.verts_features_padded()[2, 3:].eq(0).all()
    for textures in (of_list, of_padded):
        torch.testing.assert_close(textures.verts_features_packed(), torch.cat(items))
        for got, wanted in zip(textures.verts_features_list(), items, strict=True):
            torch.testing.assert_close(got, wanted)


def test_sizes_known_later_cut_the_list():
    textures = TexturesVertex(torch.rand(3, 6, 2))
    assert textures.verts_features_packed().shape == (18, 2)
    meshes(textures)
    assert [len(item) for item in textures.verts_features_list()] == list(SIZES)


def test_samples_are_barycentric_sums_and_0_without_a_face():
    items = features(5)
    mesh = meshes(TexturesVertex(items))
    bary = torch.rand(4, 3)
    texels = mesh.sample_textures(fragments([0, 3, -1, 4], bary))
    packed, faces = torch.cat(items), mesh.faces_packed()
    for pixel, face in ((0, 0), (1, 3), (3, 4)):
        torch.testing.assert_close(texels[0, 0, pixel, 0], bary[pixel] @ packed[faces[face]])
    assert texels[0, 0, 2, 0].eq(0).all()


def test_sampling_is_differentiable():
    items = [torch.rand(4, 3, dtype=torch.float64, requires_grad=True)]
    bary = torch.rand(2, 3, dtype=torch.float64, requires_grad=True)
    faces = torch.tensor([[2, 1, 0], [3, 1, 0]])

    def sample(item, bary):
        return TexturesVertex([item]).sample_textures(fragments([0, 1], bary), faces)

    assert torch.autograd.gradcheck(sample, (items[0], bary))


@pytest.mark.parametrize(
    ("index", "positions"),
    [
        (1, [1]),
        (-1, [2]),
        (slice(0, 2), [0, 1]),
        ([2, 0], [2, 0]),
        (torch.tensor([True, False, True]), [0, 2]),
        (torch.tensor([False, False, False]), []),
        (torch.tensor([1, 1]), [1, 1]),
    ],
)
def test_indexing_gives_a_batch(index, positions):
    items = features()
    picked = TexturesVertex(items)[index]
    assert len(picked) == len(positions)
    for got, position in zip(picked.verts_features_list(), positions, strict=True):
        torch.testing.assert_close(got, items[position])


def test_index_out_of_range():
    with pytest.raises(IndexError):
        TexturesVertex(features())[3]


def test_extend_repeats_each_in_a_row():
    items = features()
    extended = TexturesVertex(items).extend(2)
    for i, got in enumerate(extended.verts_features_list()):
        torch.testing.assert_close(got, items[i // 2])
    assert extended._num_verts_per_mesh == [4, 4, 6, 6, 3, 3]


@pytest.mark.parametrize("count", [0, -1])
def test_extend_needs_a_positive_integer(count):
    with pytest.raises(ValueError, match="N must be"):
        TexturesVertex(features()).extend(count)


def test_clone_shares_no_memory_and_detach_stops_gradients():
    items = [item.requires_grad_() for item in features()]
    textures = TexturesVertex(items)
    copy, cut = textures.clone(), textures.detach()
    assert copy.verts_features_list()[0].data_ptr() != items[0].data_ptr()
    assert copy.verts_features_packed().requires_grad
    assert not cut.verts_features_packed().requires_grad
    assert textures.verts_features_packed().requires_grad


def test_join_batch_and_scene():
    a, b = features(), features()
    textures = TexturesVertex(a)
    joined = textures.join_batch([TexturesVertex(b)])
    torch.testing.assert_close(joined.verts_features_packed(), torch.cat([*a, *b]))
    assert len(textures) == len(textures.verts_features_list()) == 3
    scene = textures.join_scene()
    assert len(scene) == 1
    torch.testing.assert_close(scene.verts_features_list()[0], torch.cat(a))
    with pytest.raises(ValueError, match="TexturesVertex"):
        textures.join_batch([TexturesAtlas([])])


def test_submeshes():
    items = features()
    parts = TexturesVertex(items).submeshes(
        [[torch.tensor([0, 2])], [], [torch.tensor([1]), torch.tensor([0, 1])]], None
    )
    wanted = [items[0][[0, 2]], items[2][[1]], items[2][[0, 1]]]
    for got, expected in zip(parts.verts_features_list(), wanted, strict=True):
        torch.testing.assert_close(got, expected)
    with pytest.raises(IndexError):
        TexturesVertex(items).submeshes([[]], None)


@pytest.mark.parametrize("wrong", [torch.rand(5, 10), (1, 1, 1), [torch.rand(2, 3, 4)]])
def test_refuses_other_shapes(wrong):
    with pytest.raises(ValueError, match="verts_features"):
        TexturesVertex(wrong)


def test_fits_only_its_meshes():
    assert TexturesVertex(features()).check_shapes(3, 6, 99)
    assert not TexturesVertex(features()).check_shapes(2, 6, 2)
    with pytest.raises(ValueError, match="do not match"):
        meshes(TexturesVertex(torch.rand(3, 5, 3)))


def test_empty_batches():
    none = TexturesVertex([])
    assert none.isempty()
    assert none.verts_features_padded().shape == (0, 0, 3)
    assert none.verts_features_packed().shape == (0, 3)
    hollow = TexturesVertex([torch.rand(0, 3), torch.rand(0, 3)])
    assert hollow.verts_features_padded().shape == (2, 0, 3)


def test_faces_verts_textures_need_faces():
    items = features()
    mesh = meshes(TexturesVertex(items))
    corners = mesh.textures.faces_verts_textures_packed(mesh.faces_packed())
    torch.testing.assert_close(corners, torch.cat(items)[mesh.faces_packed()])
    with pytest.raises(ValueError, match="faces_packed"):
        mesh.textures.faces_verts_textures_packed()
