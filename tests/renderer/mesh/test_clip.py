"""Cutting faces at a plane in front of the camera: cases by hand, gradients, and renders without holes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from maquette.renderer import FoVPerspectiveCameras, MeshRasterizer, RasterizationSettings
from maquette.renderer.mesh.clip import (
    ClipFrustum,
    ClippedFaces,
    clip_faces,
    convert_clipped_rasterization_to_original_faces,
)
from maquette.renderer.mesh.rasterize_meshes import rasterize_meshes
from maquette.structures import Meshes
from maquette.utils import ico_sphere

PLANE = 1.0


def clip(face_verts: torch.Tensor, counts: list[int] | None = None, **changes) -> ClippedFaces:
    count = torch.tensor(counts or [len(face_verts)])
    first = torch.cumsum(count, 0) - count
    frustum = ClipFrustum(**{"cull": False, "z_clip_value": PLANE, **changes})
    return clip_faces(face_verts, first, count, frustum)


def face(*depths: float) -> torch.Tensor:
    corners = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    return torch.cat((corners, torch.tensor(depths)[:, None]), dim=1)[None]


def area(face_verts: torch.Tensor) -> torch.Tensor:
    sides = face_verts[:, 1:] - face_verts[:, :1]
    return torch.linalg.cross(sides[:, 0], sides[:, 1], dim=1).norm(dim=1) / 2


def test_nothing_behind_changes_nothing():
    faces = face(2.0, 2.0, 2.0)
    out = clip(faces)
    assert out.face_verts is faces
    assert out.faces_clipped_to_unclipped_idx is None
    assert out.barycentric_conversion is None


def test_all_behind_is_gone():
    out = clip(torch.cat((face(0.0, 0.5, -3.0), face(2.0, 3.0, 4.0))), [1, 1])
    torch.testing.assert_close(out.face_verts, face(2.0, 3.0, 4.0))
    assert out.num_faces_per_mesh.tolist() == [0, 1]
    assert out.mesh_to_face_first_idx.tolist() == [0, 0]
    assert out.faces_clipped_to_unclipped_idx.tolist() == [1]


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_two_behind_leave_the_tip(turn):
    """Depths 2, 0, 0: the plane at 1 halves both edges from the front corner; a quarter of the face is left."""
    whole = face(2.0, 0.0, 0.0).roll(turn, dims=1)
    out = clip(whole)
    assert len(out.face_verts) == 1
    front = whole[0, turn]
    expected = torch.stack((front, *((front + whole[0, (turn + i) % 3]) / 2 for i in (1, 2))))
    found = out.face_verts[0]
    assert sorted(found.tolist()) == sorted(expected.tolist())
    torch.testing.assert_close(area(out.face_verts), area(whole) / 4)
    assert out.clipped_faces_neighbor_idx.tolist() == [-1]
    assert out.faces_clipped_to_conversion_idx.tolist() == [0]


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_one_behind_leaves_two_pieces(turn):
    """Depths 0, 2, 2: three quarters of the face are left, in two pieces that know of one another."""
    whole = face(0.0, 2.0, 2.0).roll(turn, dims=1)
    out = clip(whole)
    assert len(out.face_verts) == 2
    assert (out.face_verts[..., 2] >= PLANE).all()
    torch.testing.assert_close(area(out.face_verts).sum(), 0.75 * area(whole)[0])
    assert out.clipped_faces_neighbor_idx.tolist() == [1, 0]
    assert out.faces_clipped_to_unclipped_idx.tolist() == [0, 0]


@pytest.mark.parametrize("depths", [(2.0, 0.0, 0.0), (0.0, 2.0, 2.0), (0.3, 5.0, 1.5)])
def test_pieces_keep_their_orientation(depths):
    def normal(faces):
        sides = faces[:, 1:] - faces[:, :1]
        return torch.linalg.cross(sides[:, 0], sides[:, 1], dim=1)

    whole = face(*depths)
    assert (normal(clip(whole).face_verts) @ normal(whole)[0] > 0).all()


def test_a_mixed_batch():
    kinds = [face(2, 2, 2), face(0, 2, 2), face(0, 0, 0), face(0, 0, 2), face(3, 3, 3), face(2, 2, 0)]
    faces = torch.cat(kinds)
    out = clip(faces, [2, 3, 1])
    assert out.faces_clipped_to_unclipped_idx.tolist() == [0, 1, 1, 3, 4, 5, 5]
    assert out.num_faces_per_mesh.tolist() == [3, 2, 2]
    assert out.mesh_to_face_first_idx.tolist() == [0, 3, 5]
    assert out.clipped_faces_neighbor_idx.tolist() == [-1, 2, 1, -1, -1, 6, 5]
    rows = out.faces_clipped_to_conversion_idx
    assert (rows < 0).tolist() == [True, False, False, False, True, False, False]
    assert sorted(rows[rows >= 0].tolist()) == list(range(5))
    whole = [0, 4]
    torch.testing.assert_close(out.face_verts[whole], faces[whole])


@pytest.mark.parametrize("perspective", [False, True])
def test_weights_reproduce_positions_in_space(perspective):
    """What a piece's corner is made of, applied to the face's corners in space, is where it lies."""
    space = torch.randn(40, 3, 3, dtype=torch.float64) * 2 + torch.tensor([0, 0, 1.0])
    projected = torch.cat((space[..., :2] / space[..., 2:], space[..., 2:]), 2) if perspective else space
    out = clip(projected, perspective_correct=perspective)
    rows = out.faces_clipped_to_conversion_idx
    cut = rows >= 0
    assert cut.sum() > 20
    weights = out.barycentric_conversion[rows[cut]]
    torch.testing.assert_close(weights.sum(1), torch.ones(len(weights), 3, dtype=torch.float64))
    assert (weights >= 0).all()
    expected = weights.transpose(1, 2) @ space[out.faces_clipped_to_unclipped_idx[cut]]
    found = out.face_verts[cut]
    if perspective:
        found = torch.cat((found[..., :2] * found[..., 2:], found[..., 2:]), 2)
    torch.testing.assert_close(found, expected)


def test_conversion_of_barycentric_coordinates():
    out = clip(torch.cat((face(3, 3, 3), face(0, 2, 2))))
    pix = torch.tensor([[[[0]], [[1]], [[2]], [[-1]]]])
    bary = torch.tensor([0.2, 0.3, 0.5]).expand(1, 4, 1, 1, 3).clone()
    bary[0, 3] = -1
    found_pix, found = convert_clipped_rasterization_to_original_faces(pix, bary, out)
    assert found_pix.flatten().tolist() == [0, 1, 1, -1]
    torch.testing.assert_close(found[0, 0], bary[0, 0])
    assert (found[0, 3] == -1).all()
    for i in (1, 2):
        in_piece = bary[0, i, 0, 0] @ out.face_verts[i]
        torch.testing.assert_close(found[0, i, 0, 0] @ face(0, 2, 2)[0], in_piece)


@pytest.mark.parametrize("perspective", [False, True])
def test_gradients_agree_with_finite_differences(perspective):
    depths = torch.tensor([[2.0, 0.2, 0.5], [0.3, 2.5, 1.7], [3.0, 2.0, 1.5], [1.4, -0.6, 2.2]])
    faces = torch.cat((torch.randn(4, 3, 2), depths[..., None]), dim=2).double().requires_grad_()

    def corners(x):
        out = clip(x, perspective_correct=perspective)
        return out.face_verts, out.barycentric_conversion

    assert torch.autograd.gradcheck(corners, faces)


finite = st.floats(-1e6, 1e6, width=32) | st.sampled_from([0.0, PLANE, 1e-30, 3e38, -3e38])


@settings(max_examples=80, deadline=None)
@given(st.lists(finite, min_size=18, max_size=18), st.booleans())
def test_weights_are_convex_for_any_finite_input(values, perspective):
    out = clip(torch.tensor(values).reshape(2, 3, 3), perspective_correct=perspective)
    if out.barycentric_conversion is not None:
        assert (out.barycentric_conversion >= 0).all()
        assert (out.barycentric_conversion <= 1).all()


def test_culling_takes_the_shape_of_the_picture():
    """In a picture twice as wide as high x reaches to 2: a face at x = 1.5 stays, one at y = 1.5 goes."""
    corner = torch.tensor([[0.0, 0.0, 2.0], [0.2, 0.0, 2.0], [0.0, 0.2, 2.0]])
    shifts = torch.tensor([[1.5, 0, 0], [-1.7, 0, 0], [0, 1.5, 0], [0, -1.7, 0], [2.1, 0, 0], [-2.3, 0, 0]])
    faces = corner + shifts[:, None]
    meshes = Meshes([faces.reshape(-1, 3)], [torch.arange(18).reshape(6, 3)])
    for size, kept in (((20, 40), {0, 1}), ((40, 20), {2, 3}), ((20, 20), set())):
        culled = rasterize_meshes(meshes, size, cull_to_frustum=True)
        kept_all = rasterize_meshes(meshes, size)
        assert set(culled[0].unique().tolist()) - {-1} == kept
        assert torch.equal(culled[0], kept_all[0])


def test_culling_by_near_and_far():
    faces = torch.cat((face(2, 2, 2), face(5, 5, 5), face(9, 9, 9), face(2, 9, 9)))
    out = clip(faces, cull=True, z_clip_value=None, znear=3.0, zfar=8.0)
    assert out.faces_clipped_to_unclipped_idx.tolist() == [1, 3]
    assert clip(faces, z_clip_value=None, znear=3.0, zfar=8.0).faces_clipped_to_unclipped_idx is None


def floor(back: float = -5.0) -> Meshes:
    """A floor one below the camera, from behind it to far in front."""
    verts = torch.tensor([[-50.0, -1, back], [50, -1, back], [50, -1, 50], [-50, -1, 50]])
    return Meshes([verts], [torch.tensor([[0, 2, 1], [0, 3, 2]])])


@pytest.mark.parametrize("cull", [False, True])
@pytest.mark.parametrize("back", [-5.0, 0.0, 0.1])
def test_a_floor_that_runs_under_the_camera_has_no_holes(cull, back):
    """All of the picture below the horizon shows it; `back` 0 puts two corners into the camera's plane."""
    settings = RasterizationSettings((20, 30), cull_to_frustum=cull)
    seen = MeshRasterizer(FoVPerspectiveCameras(znear=0.5), settings)(floor(back))
    covered = seen.pix_to_face[0, ..., 0] >= 0
    assert covered[11:].all()
    assert not covered[:10].any()
    rows = (1 - (2 * torch.arange(11, 20) + 1) / 20) / 3**0.5
    torch.testing.assert_close(
        seen.zbuf[0, 11:, :, 0], (-1 / rows)[:, None].expand(9, 30), rtol=1e-3, atol=1e-3
    )


def test_culling_keeps_faces_that_reach_behind_the_camera():
    """Mirrored by the projection, every corner lies left of the picture, though the face crosses it."""
    verts = torch.tensor([[3.0, -1.0, 1.0], [-30.0, -1.0, -8.0], [-30.0, 6.0, -8.0]])
    space = Meshes([verts], [torch.tensor([[0, 1, 2]])])
    seen = [MeshRasterizer(FoVPerspectiveCameras(znear=0.01), RasterizationSettings(32, cull_to_frustum=c))(space)
            for c in (False, True)]  # fmt: skip
    assert torch.equal(seen[0].pix_to_face, seen[1].pix_to_face)


def ray_cast(verts: torch.Tensor, faces: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Depth and face of the nearest hit of each pixel's ray from the origin, in float64."""
    centre = 1 - (2 * torch.arange(size, dtype=torch.float64) + 1) / size
    half = 3**-0.5  # tangent of half of 60 degrees
    way = torch.stack(
        (half * centre.expand(size, size), half * centre[:, None].expand(size, size), torch.ones(size, size)),
        -1,
    ).reshape(-1, 1, 3)
    a, b, c = verts.double()[faces].unbind(1)
    normal = torch.linalg.cross(b - a, c - a)
    depth = (a * normal).sum(1) / (way * normal).sum(2)
    hit = way * depth[..., None]
    signs = torch.stack(
        [
            (torch.linalg.cross((q - p).expand_as(hit), hit - p) * normal).sum(2)
            for p, q in ((a, b), (b, c), (c, a))
        ]
    )
    depth = torch.where((signs > 0).all(0) & (depth > 0), depth, torch.inf)
    nearest = depth.min(1)
    return nearest.values.reshape(size, size), nearest.indices.reshape(size, size)


def test_a_camera_inside_a_cube_sees_walls_everywhere():
    corners = torch.tensor([[x, y, z] for x in (-1.0, 1.0) for y in (-1.0, 1.0) for z in (-1.0, 1.0)])
    quads = [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    faces = torch.tensor([[q[0], q[i], q[i + 1]] for q in quads for i in (1, 2)])
    for seed in range(5):
        turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(seed)))[0]
        verts = corners @ turn + torch.tensor([0.2, -0.3, 0.1])
        seen = MeshRasterizer(FoVPerspectiveCameras(znear=0.02), RasterizationSettings(24))(
            Meshes([verts], [faces])
        )
        depth, nearest = ray_cast(verts, faces, 24)
        covered = seen.pix_to_face[0, ..., 0] >= 0
        assert covered.double().mean() > 0.99  # centres exactly on an edge belong to no face
        torch.testing.assert_close(
            seen.zbuf[0, ..., 0][covered].double(), depth[covered], rtol=2e-4, atol=2e-4
        )
        assert (seen.pix_to_face[0, ..., 0] == nearest)[covered].double().mean() > 0.97
        weights = seen.bary_coords[0, ..., 0, :][covered]
        points = (weights[..., None] * verts[faces[seen.pix_to_face[0, ..., 0][covered]]]).sum(1)
        torch.testing.assert_close(points[:, 2].double(), depth[covered], rtol=1e-3, atol=1e-3)


coordinate = st.sampled_from([0.0, -0.0, 1e-9, -1e-9, 0.25, 0.5, 1.0]) | st.floats(-2, 2, width=32)


@settings(max_examples=40, deadline=None)
@given(st.lists(coordinate, min_size=12, max_size=12), st.sampled_from([0.0, 1e-3]), st.booleans())
def test_vertices_in_the_plane_of_the_camera_give_no_nan(values, blur, cull):
    verts = torch.tensor(values).reshape(4, 3).requires_grad_()
    settings = RasterizationSettings(8, blur, 2, cull_to_frustum=cull)
    rasterizer = MeshRasterizer(FoVPerspectiveCameras(znear=0.5), settings)
    seen = rasterizer(Meshes([verts], [torch.tensor([[0, 1, 2], [0, 2, 3]])]))
    for values in (seen.zbuf, seen.bary_coords, seen.dists):
        assert torch.isfinite(values).all()
    (seen.zbuf.sum() + seen.bary_coords.square().sum() + seen.dists.sum()).backward()
    assert torch.isfinite(verts.grad).all()


def test_a_sphere_cut_by_the_near_plane_shows_its_inside():
    """A camera inside a sphere sees it everywhere; its barycentric coordinates lead to points on the sphere."""
    sphere = ico_sphere(3)
    seen = MeshRasterizer(FoVPerspectiveCameras(znear=0.2), RasterizationSettings((16, 24)))(sphere)
    pix = seen.pix_to_face[0, ..., 0]
    assert (pix >= 0).double().mean() > 0.98
    hit = pix >= 0
    corners = sphere.verts_packed()[sphere.faces_packed()[pix[hit]]]
    radius = (seen.bary_coords[0, ..., 0, :][hit][..., None] * corners).sum(1).norm(dim=1)
    assert radius.min() > 0.97
    assert radius.max() < 1.001
