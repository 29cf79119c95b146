"""Dense torch twins of the rasterizers: every pixel against every face, in the precision of the input."""

import torch
from torch import Tensor


def pixel_grid(height: int, width: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """NDC coordinates (height * width, 2) of the pixel centres, x left and y up."""
    half_x, half_y = max(width / height, 1.0), max(height / width, 1.0)
    x = half_x * (1 - (2 * torch.arange(width, dtype=dtype) + 1) / width)
    y = half_y * (1 - (2 * torch.arange(height, dtype=dtype) + 1) / height)
    return torch.stack((x.expand(height, width), y[:, None].expand(height, width)), -1).reshape(-1, 2)


def cross(u: Tensor, v: Tensor) -> Tensor:
    return u[..., 0] * v[..., 1] - u[..., 1] * v[..., 0]


def segment_distance2(p: Tensor, a: Tensor, b: Tensor) -> Tensor:
    ab = b - a
    t = ((p - a) * ab).sum(-1) / (ab * ab).sum(-1).clamp(min=1e-12)
    d = a + t.clamp(0, 1)[..., None] * ab - p
    return (d * d).sum(-1)


def faces_at_pixels(verts: Tensor, faces: Tensor, height: int, width: int):
    """(usable face numbers, corners, screen barycentrics (pixel, face, 3), squared distances (pixel, face))."""
    corners = verts[faces]
    a, b, c = corners[..., :2].unbind(1)
    area = cross(c - a, b - a)
    usable = ((area.abs() > 1e-8) & (corners[..., 2].amin(1) >= 1e-8)).nonzero()[:, 0]
    corners, area = corners[usable], area[usable]
    a, b, c = corners[..., :2].unbind(1)
    p = pixel_grid(height, width, verts.dtype)[:, None]
    w = torch.stack((cross(p - b, c - b), cross(p - c, a - c), cross(p - a, b - a)), -1) / area[:, None]
    d2 = torch.stack((segment_distance2(p, a, b), segment_distance2(p, b, c), segment_distance2(p, c, a)))
    return usable, corners, w, d2.amin(0)


def covers(corners: Tensor, w: Tensor) -> Tensor:
    """Pixels (pixel, face) that a face covers: those on an edge where the face lies right of it, or below it."""
    a, b, c = corners[..., :2].unbind(1)
    sign = cross(c - a, b - a).sign()
    tie = []
    for start, end in ((b, c), (c, a), (a, b)):
        dx, dy = ((end - start) * sign[:, None]).unbind(-1)
        tie.append((dy < 0) | ((dy == 0) & (dx > 0)))
    return ((w > 0) | ((w == 0) & torch.stack(tie, -1))).all(-1)


def soft_silhouette_twin(verts, faces, height, width, sigma, blur_radius):
    """alpha (height, width) of one mesh."""
    _, _, w, d2 = faces_at_pixels(verts, faces, height, width)
    inside = (w > 0).all(-1)
    x = torch.where(inside, d2, -d2) / sigma
    weight = torch.nn.functional.softplus(x) * (inside | (d2 < blur_radius))
    return (1 - torch.exp(-weight.sum(1))).reshape(height, width)


def rasterize_twin(verts, faces, height, width, blur_radius, slots, perspective, clip, cull):
    """pix_to_face, zbuf, bary, dists of one mesh, -1 where empty."""
    usable, corners, w, d2 = faces_at_pixels(verts, faces, height, width)
    z = corners[..., 2]
    inside = covers(corners, w)
    bary = w
    if perspective:
        t = w * torch.stack((z[:, 1] * z[:, 2], z[:, 0] * z[:, 2], z[:, 0] * z[:, 1]), -1)
        bary = t / t.sum(-1, keepdim=True).clamp(min=1e-8)
    if clip:
        bary = bary.clamp(min=0)
        bary = bary / bary.sum(-1, keepdim=True).clamp(min=1e-5)
    depth = (bary * z).sum(-1)
    hit = (inside | (d2 < blur_radius)) & (depth >= 0)
    if cull:
        a, b, c = corners[..., :2].unbind(1)
        hit = hit & (cross(c - a, b - a) >= 0)
    order = torch.argsort(torch.where(hit, depth, torch.inf), dim=1, stable=True)[:, :slots]
    filled = hit.gather(1, order)
    order, filled = _pad(order, slots, 0), _pad(filled, slots, False)

    def pick(value):
        return torch.where(filled, value.gather(1, order), -1.0).reshape(height, width, slots)

    pix_to_face = torch.where(filled, usable[order], -1).reshape(height, width, slots)
    picked = torch.stack([pick(bary[..., i]) for i in range(3)], -1)
    return pix_to_face, pick(depth), picked, pick(torch.where(inside, -d2, d2))


def _pad(x, slots, value):
    return torch.nn.functional.pad(x, (0, slots - x.shape[1]), value=value)
