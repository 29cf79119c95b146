import pytest
import torch

from maquette.structures import Meshes
from maquette.structures.fragments import Fragments
from maquette.structures.textures_atlas import TexturesAtlas
from maquette.structures.textures_vertex import TexturesVertex

FACES = (3, 1)


def atlases(size: int = 4, channels: int = 3) -> list[torch.Tensor]:
    return [torch.rand(n, size, size, channels) for n in FACES]


def fragments(faces: list[int], bary: torch.Tensor) -> Fragments:
    pix_to_face = torch.tensor(faces).view(1, 1, -1, 1)
    zbuf = torch.ones(pix_to_face.shape)
    return Fragments(pix_to_face, zbuf, bary.view(1, 1, -1, 1, 3), zbuf)


def test_forms_agree():
    items = atlases()
    textures = TexturesAtlas(items)
    assert textures.atlas_padded().shape == (2, 3, 4, 4, 3)
    torch.testing.assert_close(textures.atlas_packed(), torch.cat(items))
    of_padded = TexturesAtlas(textures.atlas_padded())
    of_padded._num_faces_per_mesh = list(FACES)
    torch.testing.assert_close(of_padded.atlas_packed(), torch.cat(items))


def test_every_cell_is_read_by_two_triangles_of_a_face():
    # The R^2 small triangles of a face: lower ones read their own cell, upper ones the mirrored one.
    size = 3
    atlas = torch.arange(size * size, dtype=torch.float32).view(1, size, size, 1)
    third = torch.tensor(1 / 3)
    places, wanted = [], []
    for row in range(size):
        for column in range(size - row):
            places.append(torch.stack([column + third, row + third]) / size)
            wanted.append(atlas[0, row, column, 0])
            if column < size - row - 1:
                places.append(torch.stack([column + 2 * third, row + 2 * third]) / size)
                wanted.append(atlas[0, size - 1 - row, size - 1 - column, 0])
    first_two = torch.stack(places)
    bary = torch.cat([first_two, 1 - first_two.sum(1, keepdim=True)], dim=1)
    texels = TexturesAtlas([atlas]).sample_textures(fragments([0] * len(bary), bary))
    assert texels.flatten().tolist() == torch.stack(wanted).tolist()
    assert sorted(set(texels.flatten().tolist())) == list(range(size * size))


def test_no_face_gives_0_and_points_outside_stay_in_their_map():
    textures = TexturesAtlas([torch.ones(2, 4, 4, 3)])
    bary = torch.tensor([[0.2, 0.2, 0.6], [1.7, -0.2, -0.5], [-1.0, -1.0, -1.0]])
    texels = textures.sample_textures(fragments([1, 0, -1], bary))[0, 0, :, 0]
    assert texels[:2].eq(1).all()
    assert texels[2].eq(0).all()


def test_gradient_reaches_the_atlas_once_a_sample():
    atlas = torch.rand(2, 2, 2, 3, requires_grad=True)
    bary = torch.tensor([[0.1, 0.1, 0.8]] * 3)
    TexturesAtlas([atlas]).sample_textures(fragments([0, 0, 1], bary)).sum().backward()
    assert atlas.grad[0, 0, 0].eq(2).all()
    assert atlas.grad[1, 0, 0].eq(1).all()
    assert atlas.grad.sum() == 9


def test_corners_match_samples_near_them():
    items = atlases()
    corners = TexturesAtlas(items).faces_verts_textures_packed()
    bary = (torch.eye(3) * 0.94 + 0.02).repeat(4, 1)
    texels = TexturesAtlas(items).sample_textures(fragments([f for f in range(4) for _ in range(3)], bary))
    torch.testing.assert_close(texels.view(4, 3, 3), corners)


def test_indexing_extension_joins_and_parts():
    items = atlases()
    textures = TexturesAtlas(items)
    torch.testing.assert_close(textures[1].atlas_packed(), items[1])
    torch.testing.assert_close(textures.extend(2).atlas_packed(), torch.cat([items[0]] * 2 + [items[1]] * 2))
    torch.testing.assert_close(textures.join_batch([textures]).atlas_packed(), torch.cat(items * 2))
    torch.testing.assert_close(textures.join_scene().atlas_list()[0], torch.cat(items))
    parts = textures.submeshes(None, [[torch.tensor([2, 0])], []])
    torch.testing.assert_close(parts.atlas_packed(), items[0][[2, 0]])
    with pytest.raises(IndexError):
        textures.submeshes(None, [[]])
    with pytest.raises(ValueError, match="TexturesAtlas"):
        textures.join_batch([TexturesVertex([])])


@pytest.mark.parametrize(
    "wrong",
    [
        torch.rand(5, 10, 3),
        (1, 1, 1),
        torch.rand(1, 2, 4, 3, 3),
        [torch.rand(1, 2, 2, 3), torch.rand(1, 3, 3, 3)],
    ],
)
def test_refuses_other_shapes(wrong):
    with pytest.raises(ValueError, match="atlas"):
        TexturesAtlas(wrong)


def test_fits_only_its_meshes():
    verts, faces = torch.rand(2, 4, 3), torch.randint(4, (2, 3, 3))
    with pytest.raises(ValueError, match="do not match"):
        Meshes(verts, faces, TexturesAtlas(torch.rand(2, 5, 4, 4, 3)))
    assert Meshes(verts, faces, TexturesAtlas(torch.rand(2, 3, 4, 4, 3))).textures is not None


def test_empty_batches():
    none = TexturesAtlas([])
    assert none.atlas_packed().shape == (0, 0, 0, 3)
    assert none.faces_verts_textures_packed().shape == (0, 3, 3)
    hollow = TexturesAtlas([torch.rand(0, 2, 2, 3)])
    texels = hollow.sample_textures(fragments([-1], torch.full((1, 3), -1.0)))
    assert texels.shape == (1, 1, 1, 1, 3)
