"""Random points on the surfaces of meshes, uniform by area.

A face is found from a uniform number through a guide table (Chen and Asau, "On generating random variates
from an empirical distribution", 1974): the unit interval is cut into as many cells as the mesh has faces,
and each cell names the face that holds its lower end, from where a few steps along the cumulative areas
lead to the face.
"""

from typing import Any

import torch
import warp as wp
from jaxtyping import Float, Int
from torch import Tensor

from maquette.kernels.launch import Piece, even_pieces, launch, on_compute_device
from maquette.kernels.once import differentiable_once

_SUBTRACT_PRODUCTS = """
#if defined(__CUDA_ARCH__)
    return __dsub_rn(__dmul_rn(a, b), __dmul_rn(c, d));
#else
    volatile double left = a * b, right = c * d;
    return left - right;
#endif
"""


@wp.func_native(snippet=_SUBTRACT_PRODUCTS)
def _subtract_products(a: wp.float64, b: wp.float64, c: wp.float64, d: wp.float64) -> wp.float64:
    """a b - c d, not fused: 0 where both are equal."""
    ...


@wp.func
def _cross(a: wp.vec3d, b: wp.vec3d) -> wp.vec3d:
    """a x b, 0 where both are equal: an area is 0 here wherever `Meshes.faces_areas_packed` says so."""
    return wp.vec3d(
        _subtract_products(a[1], b[2], a[2], b[1]),
        _subtract_products(a[2], b[0], a[0], b[2]),
        _subtract_products(a[0], b[1], a[1], b[0]),
    )


@wp.func
def _cell(area: wp.float64, total: wp.float64, cells: int) -> int:
    return int(wp.ceil(wp.clamp(area / total, wp.float64(0.0), wp.float64(1.0)) * wp.float64(cells)))


@wp.func
def _is_surface(total: wp.float64) -> bool:
    """Whether an area can be drawn from: positive, and not beyond all numbers."""
    return total > wp.float64(0.0) and total < wp.float64(wp.inf)


@wp.func
def _area_before(face: int, first: int, cumulative: wp.array(dtype=wp.float64)) -> wp.float64:
    """Summed area of the faces of a mesh that come before one of its faces."""
    if face == first:
        return wp.float64(0.0)
    if first == 0:
        return cumulative[face - 1]
    return cumulative[face - 1] - cumulative[first - 1]


@wp.kernel(enable_backward=False)
def _measure(
    start: int,
    verts: wp.array(dtype=wp.vec3d),
    faces: wp.array2d(dtype=wp.int64),
    areas: wp.array(dtype=wp.float64),
) -> None:
    face = start + wp.tid()
    a = verts[int(faces[face, 0])]
    b = verts[int(faces[face, 1])]
    c = verts[int(faces[face, 2])]
    areas[face] = wp.length(_cross(b - a, c - a))


@wp.kernel(enable_backward=False)
def _fill_guide(
    start: int,
    face_to_mesh: wp.array(dtype=wp.int64),
    firsts: wp.array(dtype=wp.int64),
    counts: wp.array(dtype=wp.int64),
    cumulative: wp.array(dtype=wp.float64),
    guide: wp.array(dtype=int),
) -> None:
    """One face: the cells whose lower end it holds."""
    face = start + wp.tid()
    mesh = int(face_to_mesh[face])
    first = int(firsts[mesh])
    count = int(counts[mesh])
    total = _area_before(first + count, first, cumulative)
    if _is_surface(total):
        begin = _cell(_area_before(face, first, cumulative), total, count)
        end = _cell(_area_before(face + 1, first, cumulative), total, count)
        if face == first + count - 1:
            end = count
        for cell in range(begin, end):
            guide[first + cell] = face


@wp.kernel(enable_backward=False)
def _sample(
    start: int,
    verts: wp.array(dtype=wp.vec3),
    faces: wp.array2d(dtype=wp.int64),
    firsts: wp.array(dtype=wp.int64),
    counts: wp.array(dtype=wp.int64),
    cumulative: wp.array(dtype=wp.float64),
    guide: wp.array(dtype=int),
    samples: int,
    uniform: wp.array(dtype=wp.vec3),
    points: wp.array(dtype=wp.vec3),
    chosen: wp.array(dtype=wp.int64),
    weights: wp.array(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    mesh = item / samples
    first = int(firsts[mesh])
    count = int(counts[mesh])
    total = wp.float64(0.0)
    if count > 0:
        total = _area_before(first + count, first, cumulative)
    if not _is_surface(total):
        points[item] = wp.vec3(0.0)
        weights[item] = wp.vec3(0.0)
        chosen[item] = wp.int64(-1)
        return
    u = uniform[item]
    last = first + count - 1
    before = cumulative[last] - total
    if first > 0:
        before = cumulative[first - 1]
    face = guide[first + wp.min(int(u[0] * float(count)), count - 1)]
    target = before + wp.float64(u[0]) * total
    while face < last and cumulative[face] <= target:
        face += 1
    root = wp.sqrt(u[1])
    w = wp.vec3(1.0 - root, root * (1.0 - u[2]), root * u[2])
    a = verts[int(faces[face, 0])]
    b = verts[int(faces[face, 1])]
    c = verts[int(faces[face, 2])]
    points[item] = a * w[0] + b * w[1] + c * w[2]
    weights[item] = w
    chosen[item] = wp.int64(face)


@wp.kernel(enable_backward=False)
def _sample_backward(
    start: int,
    faces: wp.array2d(dtype=wp.int64),
    chosen: wp.array(dtype=wp.int64),
    weights: wp.array(dtype=wp.vec3),
    grad_points: wp.array(dtype=wp.vec3),
    grad_verts: wp.array(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    face = int(chosen[item])
    if face >= 0:
        for corner in range(3):
            wp.atomic_add(grad_verts, int(faces[face, corner]), grad_points[item] * weights[item][corner])


def _mesh_pieces(meshes: int, samples: int) -> list[Piece]:
    """CPU pieces that never cut a mesh: meshes share no vertices."""
    return [(begin * samples, end * samples) for begin, end in even_pieces(meshes)]


class _SampleSurface(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        verts: Tensor,
        faces: Tensor,
        first: Tensor,
        count: Tensor,
        face_to_mesh: Tensor,
        uniform: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        meshes, samples, _ = uniform.shape
        areas = torch.empty(len(faces), dtype=torch.float64, device=verts.device)
        launch(_measure, len(faces), [verts.double(), faces, areas], verts.device)
        if meshes > 1:  # one sum goes over them all: it must not lose a small mesh behind a large one
            largest = torch.segment_reduce(areas, "max", lengths=count)
            areas = (areas / largest.index_select(0, face_to_mesh)).nan_to_num_(0.0)
        cumulative = torch.cumsum(areas, 0)
        verts = verts.float()
        guide = torch.empty(len(faces), dtype=torch.int32, device=verts.device)
        points, weights = torch.empty_like(uniform), torch.empty_like(uniform)
        chosen = torch.empty(meshes, samples, dtype=torch.int64, device=verts.device)
        launch(_fill_guide, len(faces), [face_to_mesh, first, count, cumulative, guide], verts.device)
        inputs = [
            verts, faces, first, count, cumulative, guide, samples, uniform.view(-1, 3),
            points.view(-1, 3), chosen.view(-1), weights.view(-1, 3),
        ]  # fmt: skip
        launch(_sample, meshes * samples, inputs, verts.device)
        ctx.save_for_backward(faces, chosen, weights)
        ctx.verts = len(verts)
        ctx.mark_non_differentiable(chosen, weights)
        return points, chosen, weights

    @staticmethod
    @differentiable_once
    def backward(ctx: Any, grad_points: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        faces, chosen, weights = ctx.saved_tensors
        grad_verts = grad_points.new_zeros(ctx.verts, 3)
        meshes, samples = chosen.shape
        flat = grad_points.contiguous().view(-1, 3)
        inputs = [faces, chosen.view(-1), weights.view(-1, 3), flat, grad_verts]
        pieces = _mesh_pieces(meshes, samples)
        launch(_sample_backward, meshes * samples, inputs, flat.device, pieces)
        return grad_verts, None, None, None, None, None


@on_compute_device
def sample_surface(
    verts: Float[Tensor, "vert 3"],
    faces: Int[Tensor, "face 3"],
    first: Int[Tensor, " mesh"],
    count: Int[Tensor, " mesh"],
    face_to_mesh: Int[Tensor, " face"],
    uniform: Float[Tensor, "mesh sample 3"],
) -> tuple[Float[Tensor, "mesh sample 3"], Int[Tensor, "mesh sample"], Float[Tensor, "mesh sample 3"]]:
    """Points on packed meshes, with the packed face and the barycentric weights of each.

    The face is -1, and all else 0, where a mesh has no area, or one beyond all numbers. The first of three uniform
    numbers in [0, 1) chooses the face, the other two the place on it. The points are differentiable, once, with
    respect to the vertices; face and weights are held constant.
    """
    if not len(faces):
        at = uniform.new_zeros(uniform.shape, dtype=torch.float32, device=verts.device)
        nothing = torch.full(uniform.shape[:2], -1, device=verts.device)
        return at + verts[:0].sum(), nothing, at
    corners, numbers = verts.contiguous(), uniform.to(verts.device, torch.float32).contiguous()
    packed = [x.to(verts.device, torch.int64).contiguous() for x in (faces, first, count, face_to_mesh)]
    return _SampleSurface.apply(corners, *packed, numbers)
