import pytest
import torch

from maquette.renderer import (
    AmbientLights,
    BlendParams,
    FoVPerspectiveCameras,
    HardDepthShader,
    HardFlatShader,
    HardGouraudShader,
    HardNormalShader,
    HardPhongShader,
    Materials,
    MeshRasterizer,
    MeshRenderer,
    PointLights,
    RasterizationSettings,
    SoftDepthShader,
    SoftGouraudShader,
    SoftPhongShader,
    SoftSilhouetteShader,
    TexturedSoftPhongShader,
    TexturesAtlas,
    TexturesUV,
    TexturesVertex,
    flat_shading,
    gouraud_shading,
    hard_rgb_blend,
    look_at_view_transform,
    phong_shading,
    softmax_rgb_blend,
)
from maquette.structures import Meshes
from maquette.structures.fragments import Fragments

VIEWS, HEIGHT, WIDTH, FACES = 2, 5, 6, 3
VERTS = (5, 8)
COUNTS = (4, 6)
LIT = {
    HardPhongShader: phong_shading,
    HardFlatShader: flat_shading,
    HardGouraudShader: gouraud_shading,
    SoftPhongShader: phong_shading,
    SoftGouraudShader: gouraud_shading,
}


def texture(kind: str, dtype=torch.float32):
    if kind == "vertex":
        return TexturesVertex([torch.rand(n, 3, dtype=dtype) for n in VERTS])
    if kind == "atlas":
        return TexturesAtlas([torch.rand(n, 2, 2, 3, dtype=dtype) for n in COUNTS])
    faces = [torch.randint(7, (n, 3)) for n in COUNTS]
    maps = [torch.rand(4, 5, 3, dtype=dtype) for _ in COUNTS]
    return TexturesUV(maps, faces, [torch.rand(7, 2, dtype=dtype) for _ in COUNTS])


def make_meshes(kind="vertex", dtype=torch.float32) -> Meshes:
    verts = [torch.randn(n, 3, dtype=dtype, requires_grad=True) for n in VERTS]
    faces = [
        torch.stack([torch.randperm(v)[:3] for _ in range(n)]) for v, n in zip(VERTS, COUNTS, strict=True)
    ]
    return Meshes(verts, faces, texture(kind, dtype))


def make_fragments(dtype=torch.float32) -> Fragments:
    shape = (HEIGHT, WIDTH, FACES)
    faces = torch.stack([torch.randint(-4, 4, shape), torch.randint(-4, 10, shape)])
    pix_to_face = torch.where(faces < 0, -1, faces)
    pix_to_face[1] = torch.where((pix_to_face[1] >= 0) & (pix_to_face[1] < 4), 4, pix_to_face[1])
    absent = pix_to_face < 0
    bary = torch.rand(VIEWS, *shape, 3, dtype=dtype).softmax(-1).masked_fill(absent[..., None], -1)
    zbuf = torch.rand(VIEWS, *shape, dtype=dtype).add(1).masked_fill(absent, -1)
    dists = torch.randn(VIEWS, *shape, dtype=dtype).mul(1e-3).masked_fill(absent, -1)
    return Fragments(pix_to_face, zbuf.requires_grad_(), bary.requires_grad_(), dists.requires_grad_())


def scene(dtype=torch.float32) -> dict:
    R, T = look_at_view_transform(3.0, elev=(10.0, 40.0), azim=(0.0, 120.0))
    return {
        "cameras": FoVPerspectiveCameras(R=R.to(dtype), T=T.to(dtype)),
        "lights": PointLights(location=torch.randn(2, 3, dtype=dtype)),
        "materials": Materials(shininess=torch.tensor([3.0, 7.0], dtype=dtype)),
    }


def whole_picture(shader, meshes, fragments, given, blend) -> torch.Tensor:
    """The shader's picture, with its shading function applied to all entries."""
    shading = LIT[type(shader)]
    texels = {} if shading is gouraud_shading else {"texels": meshes.sample_textures(fragments)}
    colors = shading(meshes=meshes, fragments=fragments, **given, **texels)
    if type(shader).__name__.startswith("Hard"):
        return hard_rgb_blend(colors, fragments, blend)
    return softmax_rgb_blend(colors, fragments, blend, znear=1.0, zfar=100.0)


@pytest.mark.parametrize("kind", ["vertex", "atlas", "uv"])
@pytest.mark.parametrize("make", list(LIT))
def test_shading_covered_entries_is_shading_all(make, kind):
    if LIT[make] is gouraud_shading and kind != "vertex":
        pytest.skip("light at vertices needs colours at vertices")
    meshes, fragments, given = make_meshes(kind), make_fragments(), scene()
    blend = BlendParams(sigma=1e-3, gamma=0.1, background_color=(0.1, 0.2, 0.3))
    shader = make(blend_params=blend, **given)
    verts, weight = meshes.verts_list(), torch.rand(VIEWS, HEIGHT, WIDTH, 4)
    inputs = [*verts, fragments.bary_coords, fragments.zbuf, fragments.dists]

    def value_and_gradients(image):
        grads = torch.autograd.grad((image * weight).sum(), inputs, retain_graph=True, allow_unused=True)
        return image, [torch.zeros_like(x) if g is None else g for x, g in zip(inputs, grads, strict=True)]

    image, gradients = value_and_gradients(shader(fragments, meshes))
    wanted, wanted_gradients = value_and_gradients(whole_picture(shader, meshes, fragments, given, blend))
    torch.testing.assert_close(image, wanted)
    for got, expected in zip(gradients, wanted_gradients, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-4, rtol=1e-4)


def test_phong_equals_a_loop():
    meshes, fragments, given = make_meshes(), make_fragments(), scene()
    texels = meshes.sample_textures(fragments)
    colors = phong_shading(meshes, fragments, given["lights"], given["cameras"], given["materials"], texels)
    verts, normals, faces = meshes.verts_packed(), meshes.verts_normals_packed(), meshes.faces_packed()
    eyes = given["cameras"].get_camera_center()
    for n, y, x, k in (fragments.pix_to_face >= 0).nonzero().tolist()[::5]:
        corner, bary = faces[fragments.pix_to_face[n, y, x, k]], fragments.bary_coords[n, y, x, k]
        point, normal = bary @ verts[corner], bary @ normals[corner]
        normal = normal / normal.norm()
        to_light, to_eye = given["lights"].location[n] - point, eyes[n] - point
        to_light, to_eye = to_light / to_light.norm(), to_eye / to_eye.norm()
        cosine = normal @ to_light
        mirrored = 2 * cosine * normal - to_light
        shine = (to_eye @ mirrored).clamp(min=0) ** given["materials"].shininess[n] if cosine > 0 else 0.0
        wanted = (0.5 + 0.3 * cosine.clamp(min=0)) * texels[n, y, x, k] + 0.2 * shine
        torch.testing.assert_close(colors[n, y, x, k], wanted, atol=1e-5, rtol=1e-4)


def test_flat_light_is_the_same_all_over_a_face():
    meshes, fragments, given = make_meshes(), make_fragments(), scene()
    colors = flat_shading(meshes, fragments, **given, texels=torch.ones(VIEWS, HEIGHT, WIDTH, FACES, 3))
    for face in fragments.pix_to_face.unique()[1:]:
        of_face = colors[fragments.pix_to_face == face]
        assert (of_face - of_face[0]).abs().max() < 1e-5


def test_ambient_light_shows_the_texture():
    meshes, fragments, given = make_meshes(), make_fragments(), scene()
    image = HardPhongShader(**(given | {"lights": AmbientLights()}))(fragments, meshes)
    texels = meshes.sample_textures(fragments)[..., 0, :]
    seen = fragments.pix_to_face[..., 0] >= 0
    torch.testing.assert_close(image[seen][:, :3], texels[seen])


def test_gouraud_needs_vertex_textures():
    with pytest.raises(ValueError, match="TexturesVertex"):
        HardGouraudShader(**scene())(make_fragments(), make_meshes("atlas"))


@pytest.mark.parametrize("make", [*LIT, HardDepthShader, SoftDepthShader, HardNormalShader])
def test_cameras_may_come_with_the_call_and_must_come(make):
    meshes, fragments, given = make_meshes(), make_fragments(), scene()
    with pytest.raises(ValueError, match="Cameras must be"):
        make()(fragments, meshes)
    image = make()(fragments, meshes, **given)
    torch.testing.assert_close(image, make(**given)(fragments, meshes))
    assert image.shape[:3] == (VIEWS, HEIGHT, WIDTH)


@pytest.mark.parametrize("make", [*LIT, HardNormalShader])
def test_a_picture_of_nothing(make):
    meshes, given = make_meshes(), scene()
    shape = (VIEWS, 4, 4, 2)
    nothing = Fragments(
        torch.full(shape, -1), torch.full(shape, -1.0), torch.full((*shape, 3), -1.0), torch.full(shape, -1.0)
    )
    image = make(**given)(nothing, meshes)
    if make is HardNormalShader:
        assert image.eq(0).all()
    else:
        assert image[..., :3].eq(1).all()
        assert image[..., 3].eq(0).all()


def test_float64_stays_float64():
    meshes, fragments = make_meshes(dtype=torch.float64), make_fragments(torch.float64)
    given = scene(torch.float64)
    for make in (HardPhongShader, SoftPhongShader, HardFlatShader, HardGouraudShader):
        assert make(**given)(fragments, meshes).dtype == torch.float64


def test_hard_depth():
    meshes, fragments, given = make_meshes(), make_fragments(), scene()
    depth = HardDepthShader(**given)(fragments, meshes, zfar=55.0)[..., 0]
    seen = fragments.pix_to_face[..., 0] >= 0
    torch.testing.assert_close(depth[seen], fragments.zbuf[..., 0][seen])
    assert depth[~seen].eq(55).all()


def test_soft_depth_adds_faces_until_they_cover():
    pix_to_face = torch.tensor([[0, 1, -1], [0, 1, 2], [-1, -1, -1]]).view(1, 1, 3, 3)
    zbuf = torch.tensor([[2.0, 4, -1], [2, 4, 8], [-1, -1, -1]]).view(1, 1, 3, 3)
    dists = torch.tensor([[0.0, 0, -1], [0, -9, -9], [-1, -1, -1]]).view(1, 1, 3, 3)
    fragments = Fragments(pix_to_face, zbuf, zbuf, dists)
    cameras = FoVPerspectiveCameras(zfar=10.0)
    depth = SoftDepthShader(cameras=cameras)(fragments, None)
    torch.testing.assert_close(depth.flatten(), torch.tensor([3.0, 3.0, 10.0]))
    with pytest.raises(ValueError, match="dists"):
        SoftDepthShader(cameras=cameras)(Fragments(pix_to_face, zbuf, zbuf, None), None)


def test_normals_are_unit_and_turn_with_the_camera():
    meshes, fragments, given = make_meshes(), make_fragments(), scene()
    world = HardNormalShader(**given)(fragments, meshes)
    camera = HardNormalShader(frame="camera", **given)(fragments, meshes)
    seen = fragments.pix_to_face[..., 0] >= 0
    torch.testing.assert_close(world[seen].norm(dim=-1), torch.ones(int(seen.sum())))
    assert world[~seen].eq(0).all()
    torch.testing.assert_close(camera[0], world[0] @ given["cameras"].R[0], atol=1e-5, rtol=0)
    with pytest.raises(ValueError, match="frame"):
        HardNormalShader(frame="object")


def test_silhouette_is_white_with_soft_alpha():
    fragments = make_fragments()
    image = SoftSilhouetteShader()(fragments, None, blend_params=BlendParams(sigma=1e-3))
    assert image[..., :3].eq(1).all()
    clear = torch.where(fragments.pix_to_face >= 0, torch.sigmoid(fragments.dists / 1e-3), 1.0).prod(-1)
    torch.testing.assert_close(image[..., 3], 1 - clear)


def test_old_name_warns():
    with pytest.warns(PendingDeprecationWarning):
        assert isinstance(TexturedSoftPhongShader(), SoftPhongShader)


@pytest.mark.parametrize("make", [*LIT, HardNormalShader])
def test_no_nan_where_normals_or_light_vanish(make):
    verts = torch.zeros(1, 3, 3, requires_grad=True)  # a face of no area, at the light and the camera
    meshes = Meshes(verts, torch.tensor([[[0, 1, 2]]]), TexturesVertex(torch.rand(1, 3, 3)))
    bary = torch.full((1, 2, 2, 1, 3), 1 / 3, requires_grad=True)
    pix_to_face = torch.zeros(1, 2, 2, 1, dtype=torch.int64)
    fragments = Fragments(pix_to_face, torch.ones(1, 2, 2, 1), bary, torch.zeros(1, 2, 2, 1))
    shader = make(cameras=FoVPerspectiveCameras(), lights=PointLights(location=((0, 0, 0),)))
    image = shader(fragments, meshes)
    assert image.isfinite().all()
    image.sum().backward()
    assert bary.grad is None or bary.grad.isfinite().all()
    assert verts.grad is None or not verts.grad.isnan().any()


@pytest.mark.parametrize("shader", LIT)
def test_batch_of_empty_meshes_is_background(shader):
    none = torch.zeros(0, 3)
    meshes = Meshes([none] * 2, [none.long()] * 2, TexturesVertex([none] * 2))
    cameras = FoVPerspectiveCameras()
    settings = RasterizationSettings(image_size=4)
    renderer = MeshRenderer(MeshRasterizer(cameras, settings), shader(cameras=cameras, lights=PointLights()))
    images = renderer(meshes)
    assert images.shape == (2, 4, 4, 4)
    assert (images[..., :3] == 1).all()
