import pytest
import torch

from maquette.structures import Meshes
from maquette.structures.fragments import Fragments
from maquette.structures.textures_uv import TexturesUV
from maquette.structures.textures_vertex import TexturesVertex

FACES = [torch.tensor([[0, 1, 2], [2, 1, 3], [4, 0, 1]]), torch.tensor([[0, 1, 2]])]
VERTS = (5, 3)


def textures(**options) -> TexturesUV:
    maps = [torch.rand(6, 9, 3), torch.rand(4, 5, 3)]
    return TexturesUV(maps, FACES, [torch.rand(n, 2) for n in VERTS], **options)


def several_maps(**options) -> TexturesUV:
    maps = [torch.rand(3, 6, 9, 3), torch.rand(2, 6, 9, 3)]
    ids = [torch.tensor([2, 0, 1]), torch.tensor([1])]
    return TexturesUV(maps, FACES, [torch.rand(n, 2) for n in VERTS], maps_ids=ids, **options)


def fragments(faces: list[list[int]], bary: torch.Tensor) -> Fragments:
    pix_to_face = torch.tensor(faces)[:, None, :, None]
    zbuf = torch.ones(pix_to_face.shape)
    return Fragments(pix_to_face, zbuf, bary.view(*pix_to_face.shape, 3), zbuf)


def read_bilinear(image: torch.Tensor, uv: torch.Tensor, align_corners: bool) -> torch.Tensor:
    """Border-padded bilinear value of one place, pixel by pixel."""
    height, width, _ = image.shape
    u, v = float(uv[0]), 1 - float(uv[1])
    x = u * (width - 1) if align_corners else u * width - 0.5
    y = v * (height - 1) if align_corners else v * height - 0.5
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    a, b = x - left, y - top
    upper = image[top, left] * (1 - a) + image[top, right] * a
    lower = image[bottom, left] * (1 - a) + image[bottom, right] * a
    return upper * (1 - b) + lower * b


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("several", [True, False])
def test_samples_equal_a_loop(align_corners, several):
    tex = (several_maps if several else textures)(align_corners=align_corners)
    bary = torch.rand(2, 4, 3).softmax(-1)
    seen = [[0, 2, 1, 0], [3, 3, 3, 3]]  # packed faces: three of the first mesh, one of the second
    texels = tex.sample_textures(fragments(seen, bary))[:, 0, :, 0]
    offsets = (0, 3)
    for n in range(2):
        for pixel, face in enumerate(seen[n]):
            local = face - offsets[n]
            uv = bary[n, pixel] @ tex.verts_uvs_list()[n][FACES[n][local]]
            image = tex.maps_padded()[n]
            if several:
                image = image[tex.maps_ids_list()[n][local]]
            torch.testing.assert_close(
                texels[n, pixel], read_bilinear(image, uv, align_corners), atol=2e-6, rtol=0
            )


def test_upper_left_pixel_is_at_0_1():
    image = torch.arange(6.0).view(2, 3, 1)
    uvs = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    tex = TexturesUV([image], [torch.tensor([[0, 1, 2]])], [uvs])
    assert tex.faces_verts_textures_packed().flatten().tolist() == [0, 2, 3]


@pytest.mark.parametrize("several", [True, False])
def test_corners_equal_samples_at_corners(several):
    tex = (several_maps if several else textures)()
    corners = tex.faces_verts_textures_packed()
    assert corners.shape == (4, 3, 3)
    seen = [[0] * 3 + [1] * 3 + [2] * 3, [3] * 9]
    texels = tex.sample_textures(fragments(seen, torch.eye(3).repeat(6, 1)))[:, 0, :, 0]
    torch.testing.assert_close(corners[:3].flatten(0, 1), texels[0])
    torch.testing.assert_close(corners[3], texels[1, :3])


def test_faces_per_pixel_do_not_mix():
    tex = textures()
    bary = torch.rand(2, 3, 2, 4, 3)
    faces = torch.stack([torch.randint(3, (3, 2, 4)), torch.full((3, 2, 4), 3)])
    zbuf = torch.ones(faces.shape)
    texels = tex.sample_textures(Fragments(faces, zbuf, bary, zbuf))
    for k in range(4):
        one = Fragments(faces[..., k : k + 1], zbuf[..., :1], bary[..., k : k + 1, :], zbuf[..., :1])
        torch.testing.assert_close(texels[..., k : k + 1, :], tex.sample_textures(one))


def test_gradients():
    bary = torch.tensor([[[0.3, 0.3, 0.4], [0.2, 0.5, 0.3]]], dtype=torch.float64, requires_grad=True)
    image = torch.rand(4, 5, 3, dtype=torch.float64, requires_grad=True)
    uvs = torch.tensor([[0.13, 0.21], [0.81, 0.33], [0.42, 0.77]], dtype=torch.float64, requires_grad=True)

    def sample(image, uvs, bary):
        return TexturesUV([image], [FACES[1]], [uvs]).sample_textures(fragments([[0, 0]], bary))

    assert torch.autograd.gradcheck(sample, (image, uvs, bary))


def test_one_map_of_several_is_the_single_map():
    image, uvs = torch.rand(4, 5, 3), torch.rand(3, 2)
    ids = [torch.zeros(1, dtype=torch.int64)]
    several = TexturesUV([image[None]], [FACES[1]], [uvs], maps_ids=ids)
    single = TexturesUV([image], [FACES[1]], [uvs])
    torch.testing.assert_close(
        several.faces_verts_textures_packed(), single.faces_verts_textures_packed(), equal_nan=False
    )


def test_maps_of_unequal_size_are_resized_to_the_largest():
    tex = TexturesUV(
        [torch.rand(2, 8, 3), torch.full((4, 2, 3), 0.25)], FACES, [torch.rand(n, 2) for n in VERTS]
    )
    assert tex.maps_padded().shape == (2, 4, 8, 3)
    torch.testing.assert_close(tex.maps_padded()[1], torch.full((4, 8, 3), 0.25))
    assert tex.maps_list()[0].shape == (2, 8, 3)


@pytest.mark.parametrize("make", [textures, several_maps])
def test_indexing_extension_and_copies(make):
    tex = make(align_corners=False, padding_mode="zeros", sampling_mode="nearest")
    second = tex[1]
    assert len(second) == 1
    torch.testing.assert_close(second.faces_uvs_list()[0], FACES[1])
    assert (second.align_corners, second.padding_mode, second.sampling_mode) == (False, "zeros", "nearest")
    extended = tex.extend(2)
    assert [len(f) for f in extended.faces_uvs_list()] == [3, 3, 1, 1]
    torch.testing.assert_close(extended.maps_padded(), tex.maps_padded().repeat_interleave(2, 0))
    torch.testing.assert_close(
        extended.faces_verts_textures_packed()[3:6], tex.faces_verts_textures_packed()[:3]
    )
    copy = tex.clone()
    assert copy.maps_list()[0].data_ptr() != tex.maps_list()[0].data_ptr()
    torch.testing.assert_close(copy.faces_verts_textures_packed(), tex.faces_verts_textures_packed())


def test_padded_batches_are_cut_to_the_meshes():
    padded = textures()
    tex = TexturesUV(padded.maps_padded(), padded.faces_uvs_padded(), padded.verts_uvs_padded())
    mesh = Meshes([torch.rand(n, 3) for n in VERTS], FACES, tex)
    assert [len(f) for f in mesh.textures.faces_uvs_list()] == [3, 1]
    torch.testing.assert_close(tex.faces_verts_textures_packed(), padded.faces_verts_textures_packed())


@pytest.mark.parametrize("align_corners", [True, False])
@pytest.mark.parametrize("shapes", [[(6, 9), (4, 5)], [(3, 9), (9, 3), (2, 2)]])
def test_scene_keeps_the_colours(align_corners, shapes):
    maps = [torch.rand(*shape, 3) for shape in shapes]
    faces = [torch.tensor([[0, 1, 2], [2, 1, 3]]) for _ in shapes]
    uvs = [torch.rand(4, 2) for _ in shapes]
    tex = TexturesUV(maps, faces, uvs, align_corners=align_corners)
    single = [
        TexturesUV([m], [f], [u], align_corners=align_corners)
        for m, f, u in zip(maps, faces, uvs, strict=True)
    ]
    scene = tex.join_scene()
    assert len(scene) == 1
    wanted = torch.cat([one.faces_verts_textures_packed() for one in single])
    torch.testing.assert_close(scene.faces_verts_textures_packed(), wanted, atol=1e-5, rtol=0)


def test_scene_shares_equal_maps_and_keeps_gradients():
    image = torch.rand(4, 4, 3, requires_grad=True)
    tex = TexturesUV([image, image], [FACES[1]] * 2, [torch.rand(3, 2)] * 2)
    scene = tex.join_scene()
    assert scene.maps_padded().shape == (1, 4, 4, 3)
    scene.faces_verts_textures_packed().sum().backward()
    assert image.grad.sum() == pytest.approx(18, abs=1e-4)


def test_scene_of_one_mesh_and_of_several_maps():
    tex = textures()[0]
    torch.testing.assert_close(
        tex.join_scene().faces_verts_textures_packed(), tex.faces_verts_textures_packed()
    )
    with pytest.raises(ValueError, match="several maps"):
        several_maps().join_scene()


@pytest.mark.parametrize("make", [textures, several_maps])
def test_join_batch(make):
    a, b = make(), make()
    joined = a.join_batch([b])
    assert len(joined) == 4
    wanted = torch.cat([a.faces_verts_textures_packed(), b.faces_verts_textures_packed()])
    torch.testing.assert_close(joined.faces_verts_textures_packed(), wanted, atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="align_corners"):
        a.join_batch([make(align_corners=False)])
    with pytest.raises(ValueError, match="TexturesUV"):
        a.join_batch([TexturesVertex([])])
    with pytest.raises(ValueError, match="maps_ids"):
        textures().join_batch([several_maps()])


@pytest.mark.parametrize("make", [textures, several_maps])
def test_parts_keep_their_colours(make):
    tex = make()
    parts = tex.submeshes(None, [[torch.tensor([2, 0]), torch.tensor([1])], []])
    assert [len(f) for f in parts.faces_uvs_list()] == [2, 1]
    wanted = tex[0].extend(2).faces_verts_textures_packed()[[2, 0, 4]]
    torch.testing.assert_close(parts.faces_verts_textures_packed(), wanted)
    with pytest.raises(IndexError):
        tex.submeshes(None, [[]])


def test_centers_for_image():
    uvs = torch.tensor([[[0.25, 0.125], [0.5, 0.625], [0.5, 0.5]]])
    tex = TexturesUV(torch.rand(1, 257, 129, 3), torch.zeros(1, 0, 3, dtype=torch.int64), uvs)
    torch.testing.assert_close(tex.centers_for_image(0), torch.tensor([[32.0, 224], [64, 96], [64, 128]]))
    with pytest.raises(ValueError, match="one mesh"):
        textures().centers_for_image(0)


def good() -> dict:
    return {
        "maps": torch.rand(5, 8, 8, 3),
        "faces_uvs": torch.randint(15, (5, 10, 3)),
        "verts_uvs": torch.rand(5, 15, 2),
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"maps": torch.rand(5, 8, 8, 3, 4)}, "maps"),
        ({"maps": torch.rand(8, 8, 8, 3)}, "maps"),
        ({"maps": [torch.rand(8, 8, 3)] * 4 + [torch.rand(8, 8, 4)]}, "channels"),
        ({"faces_uvs": torch.randint(15, (5, 10, 3, 3))}, "faces_uvs"),
        ({"faces_uvs": torch.randint(15, (5, 10, 4))}, "faces_uvs"),
        ({"verts_uvs": torch.rand(5, 15, 2, 3)}, "verts_uvs"),
        ({"verts_uvs": torch.rand(8, 15, 2)}, "verts_uvs"),
        ({"verts_uvs": [torch.rand(15, 3)] * 5}, "verts_uvs"),
        ({"maps_ids": torch.zeros(5, 10, dtype=torch.int64)}, "maps"),
        ({"maps": torch.rand(5, 2, 8, 8, 3), "maps_ids": torch.zeros(5, 9, dtype=torch.int64)}, "maps_ids"),
        ({"maps": torch.rand(5, 8, 8, 3).to("meta")}, "device"),
    ],
)
def test_refuses_what_does_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        TexturesUV(**(good() | change))


def test_empty_batches():
    none = TexturesUV([], [], [])
    assert none.maps_padded().shape == (0, 0, 0, 3)
    assert none.faces_verts_textures_packed().shape == (0, 3, 3)
    no_faces = TexturesUV(
        torch.rand(2, 4, 4, 3), torch.zeros(2, 0, 3, dtype=torch.int64), torch.rand(2, 3, 2)
    )
    assert no_faces.faces_verts_textures_packed().shape == (0, 3, 3)
    ids = torch.zeros(2, 0, dtype=torch.int64)
    several = TexturesUV(
        torch.rand(2, 2, 4, 4, 3), no_faces.faces_uvs_padded(), torch.rand(2, 3, 2), maps_ids=ids
    )
    for tex in (no_faces, several):
        texels = tex.sample_textures(fragments([[-1], [-1]], torch.full((2, 3), -1.0)))
        assert texels.shape == (2, 1, 1, 1, 3)
