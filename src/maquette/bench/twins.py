"""What the measured operators compute, in plain torch: short, correct on the benchmark's inputs, no kernels.

Each is what one would write without the package. Those that compare everything with everything go through
the larger side in chunks, so that memory stays bounded.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_CHUNK = 512


def pixel_centres(size: int, device: torch.device) -> Tensor:
    """(size * size, 2) NDC positions of the pixels of a square picture, +X left and +Y up."""
    axis = 1 - (2 * torch.arange(size, device=device) + 1) / size
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return torch.stack((x, y), dim=-1).reshape(-1, 2)


def _cross(u: Tensor, v: Tensor) -> Tensor:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def _weights(pixels: Tensor, corners: Tensor) -> Tensor:
    """(3, P, F) barycentric coordinates of every pixel (P, 2) in every face (F, 3, 2): one matrix product."""
    a, b = corners.roll(-1, dims=1).transpose(0, 1), corners.roll(-2, dims=1).transpose(0, 1)
    constants = _cross(a, b)
    slopes = torch.stack((a[..., 1] - b[..., 1], b[..., 0] - a[..., 0]), dim=1)
    return (pixels @ slopes + constants[:, None]) / constants.sum(dim=0)


def soft_silhouette(corners: Tensor, size: int, sigma: float, blur_radius: float) -> Tensor:
    """(size, size) soft opacity of one picture; every pixel meets every face.

    Args:
        corners: (F, 3, 2) faces in NDC.
        size: pixels a side.
        sigma: softness, a squared NDC length.
        blur_radius: squared NDC distance up to which a face reaches.
    """
    pixels = pixel_centres(size, corners.device)
    start, along = corners, corners.roll(-1, dims=1) - corners
    offset = pixels[:, None, None] - start
    t = ((offset * along).sum(-1) / along.square().sum(-1)).clamp(0, 1)
    d2 = (offset - t[..., None] * along).square().sum(-1).amin(-1)
    inside = (_weights(pixels, corners) > 0).all(0)
    hidden = F.softplus(torch.where(inside, d2, -d2) / sigma)
    total = torch.where(inside | (d2 < blur_radius), hidden, 0.0).sum(dim=1)
    return (1 - torch.exp(-total)).view(size, size)


def hard_fragments(corners: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """The nearest face at every pixel, (size², ), -1 where there is none, and (size², 3) weights of its corners.

    Args:
        corners: (F, 3, 3) faces, x and y in NDC, z the depth, all in front of the camera.
        size: pixels a side.
    """
    pixels = pixel_centres(size, corners.device)
    nearest = torch.full((len(pixels),), torch.inf, device=corners.device)
    face = torch.full((len(pixels),), -1, device=corners.device)
    weights = torch.zeros((len(pixels), 3), device=corners.device)
    for first in range(0, len(corners), _CHUNK):
        part = corners[first : first + _CHUNK]
        w = _weights(pixels, part[..., :2]) / part[:, :, 2].T[:, None]
        total = w.sum(dim=0)
        z = torch.where((w > 0).all(0), 1 / total, torch.inf)
        z, index = z.min(dim=1)
        closer = z < nearest
        nearest = torch.where(closer, z, nearest)
        face = torch.where(closer, index + first, face)
        best = (w / total)[:, torch.arange(len(pixels)), index].T
        weights = torch.where(closer[:, None], best, weights)
    return face, weights


def phong(
    points: Tensor,
    normals: Tensor,
    colors: Tensor,
    light: Tensor,
    eye: Tensor,
    levels: tuple[float, float, float],
    shininess: float,
) -> Tensor:
    """(P, 3) colours of lit points: (ambient + diffuse) * colour + specular.

    Args:
        points, normals, colors: (P, 3); normals of any length.
        light, eye: (3,) where the lamp and the camera are.
        levels: strengths of ambient, diffuse and specular light.
        shininess: exponent of the highlight.
    """
    normals = F.normalize(normals, dim=1)
    to_light, to_eye = F.normalize(light - points, dim=1), F.normalize(eye - points, dim=1)
    cosine = (normals * to_light).sum(1, keepdim=True)
    mirrored = 2 * cosine * normals - to_light
    glance = (mirrored * to_eye).sum(1, keepdim=True).clamp(min=0) * (cosine > 0)
    ambient, diffuse, specular = levels
    return (ambient + diffuse * cosine.clamp(min=0)) * colors + specular * glance**shininess


def nearest_neighbour(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances and indices, (P,), of the points of y (Q, 3) nearest to those of x (P, 3)."""
    with torch.no_grad():
        found = [
            torch.cdist(part, y, compute_mode="donot_use_mm_for_euclid_dist").argmin(dim=1)
            for part in x.split(_CHUNK)
        ]
    index = torch.cat(found)
    return (x - y[index]).square().sum(dim=1), index


def chamfer(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared distance to the nearest neighbour, both ways added; x (P, 3), y (Q, 3)."""
    return nearest_neighbour(x, y)[0].mean() + nearest_neighbour(y, x)[0].mean()


def sample_points(corners: Tensor, count: int) -> Tensor:
    """(N, count, 3) points drawn uniformly, by area, from N meshes of the same number of faces (N, F, 3, 3)."""
    areas = torch.linalg.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0]).norm(
        dim=2
    )
    face = torch.multinomial(areas, count, replacement=True)
    root = torch.rand_like(face, dtype=corners.dtype).sqrt()
    share = torch.rand_like(root)
    weights = torch.stack((1 - root, root * (1 - share), root * share), dim=2)
    chosen = corners.gather(1, face[..., None, None].expand(-1, -1, 3, 3))
    return (weights[..., None] * chosen).sum(dim=2)


def cubify(occupied: Tensor) -> tuple[Tensor, Tensor]:
    """Vertices (V, 3), as corners of cells, and faces (F, 3) of the sides between solid and empty (D, H, W)."""
    solid = F.pad(occupied, (1,) * 6)
    count = torch.tensor(occupied.shape, device=occupied.device) + 1
    stride = torch.stack((count[1] * count[2], count[2], torch.ones_like(count[0])))
    quads = []
    for axis in range(3):
        others = [a for a in range(3) if a != axis]
        u, v = stride[others[0]], stride[others[1]]
        ring = torch.stack((torch.zeros_like(u), u, u + v, v))
        for step in (0, 1):
            shown = occupied & ~solid.roll(1 - 2 * step, dims=axis)[1:-1, 1:-1, 1:-1]
            corner = (torch.nonzero(shown) * stride).sum(dim=1) + step * stride[axis]
            turns = (axis == 1) != bool(step)
            quads.append(corner[:, None] + (ring.flip(0) if turns else ring))
    quad = torch.cat(quads)
    used, quad = torch.unique(quad, return_inverse=True)
    verts = torch.stack([used // stride[a] % count[a] for a in (2, 1, 0)], dim=1)
    return verts, torch.cat((quad[:, [0, 1, 2]], quad[:, [0, 2, 3]]))


def graph_conv(features: Tensor, edges: Tensor, w0: torch.nn.Linear, w1: torch.nn.Linear) -> Tensor:
    """(V, D) own features and the sum of the neighbours', each through a linear layer."""
    own: Tensor = w0(features)
    offered = w1(features)
    tail, head = edges.unbind(1)
    return own.index_add(0, tail, offered[head]).index_add(0, head, offered[tail])


def vert_align(features: Tensor, verts: Tensor) -> Tensor:
    """(N, V, C) bilinear samples of maps (N, C, H, W) at the x and y of vertices (N, V, 3)."""
    sampled = F.grid_sample(features, verts[:, None, :, :2], align_corners=True)
    return sampled[:, :, 0].transpose(1, 2)


def solid_voxels(corners: Tensor, resolution: int) -> Tensor:
    """(n, n, n) booleans: cell centres of the unit cube around 0 inside a closed mesh (F, 3, 3).

    Along each axis a ray through every column of cells meets every face; centres past an odd number of
    crossings are inside, and two axes of three decide.
    """
    centre = (torch.arange(resolution, device=corners.device) + 0.5) / resolution - 0.5
    column = torch.stack(torch.meshgrid(centre, centre, indexing="ij"), dim=-1).reshape(-1, 2)
    votes = torch.zeros((resolution,) * 3, dtype=torch.int64, device=corners.device)
    for axis in range(3):
        across = [a for a in range(3) if a != axis]
        crossings = torch.zeros((len(column), resolution + 1), dtype=torch.int64, device=corners.device)
        for part in corners.split(_CHUNK):
            weights = _weights(column, part[..., across])
            ray, face = torch.nonzero((weights > 0).all(0), as_tuple=True)
            height = (weights[:, ray, face].T * part[face][..., axis]).sum(dim=-1)
            cell = torch.ceil((height + 0.5) * resolution - 0.5).clamp(0, resolution).long()
            crossings.index_put_((ray, cell), torch.ones_like(cell), accumulate=True)
        inside = crossings.cumsum(dim=1)[:, :resolution] % 2
        votes += inside.view((resolution,) * 3).movedim(2, axis)
    return votes >= 2
