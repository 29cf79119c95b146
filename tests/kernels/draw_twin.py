"""Drawing in plain torch, sample by sample and face by face: what `kernels.draw` does, slowly."""

import math

import torch
from torch import Tensor

from maquette.kernels.draw import PictureSpecs, Scene

_MASK = 0xFFFFFFFF


def mixed(x: Tensor) -> Tensor:
    y = x ^ (x >> 16)
    y = (y * 0x7FEB352D) & _MASK
    y = y ^ (y >> 15)
    y = (y * 0x846CA68B) & _MASK
    return y ^ (y >> 16)


def hashed(key: Tensor, number: int | Tensor) -> Tensor:
    return mixed(key ^ mixed((torch.as_tensor(number) + 0x9E3779B9) & _MASK))


def unit(x: Tensor) -> Tensor:
    return (x >> 8).double() / 2**24


def random_colour(key: Tensor) -> Tensor:
    thirds = torch.tensor([0.0, -1.0, 1.0]).double() * 2 * math.pi / 3
    pure = 0.5 + 0.5 * torch.cos(unit(key)[..., None] * 2 * math.pi + thirds)
    full = unit(hashed(key, 1))[..., None] ** 2
    return (1 + (pure - 1) * full) * (0.15 + 0.85 * unit(hashed(key, 2)))[..., None]


def value_noise(key: Tensor, p: Tensor) -> Tensor:
    """Multilinear interpolation, with smoothed weights, of a random number at each corner of a lattice."""
    low = p.floor()
    t = p - low
    t = t * t * (3 - 2 * t)
    total = torch.zeros(p.shape[:-1]).double()
    factors = (73856093, 19349663, 83492791)
    for corner in torch.cartesian_prod(*[torch.arange(2)] * p.shape[-1]):
        weight = torch.where(corner == 1, t, 1 - t).prod(-1)
        place = torch.zeros(p.shape[:-1], dtype=torch.int64)
        for axis in range(p.shape[-1]):
            place ^= ((low[..., axis].long() + corner[axis]) * factors[axis]) & _MASK
        total += weight * unit(mixed(key ^ place))
    return total


def textured(colour: Tensor, p: Tensor, key: Tensor) -> Tensor:
    kind = int(hashed(key, 1)) % 3
    often = 6 + 24 * unit(hashed(key, 2))
    along = torch.stack([unit(hashed(key, i)) - 0.5 for i in (3, 4, 5)])
    other = colour * (0.3 + 0.5 * unit(hashed(key, 6)))
    if unit(hashed(key, 7)) < 0.3:
        other = random_colour(hashed(key, 8))
    if kind == 0:
        t = (p * often).floor().sum(-1) % 2
    elif kind == 1:
        t = ((2 * often * (p @ along)) % 1 >= 0.5).double()
    else:
        t = value_noise(hashed(key, 9), p * (0.15 + 4 * along**2) * 2 * often)
    return colour + (other - colour) * t[..., None]


def background(take: dict[str, Tensor], photos: Tensor, size: int) -> Tensor:
    place = (torch.arange(size).double() + 0.5) / size
    v, u = torch.meshgrid(place, place, indexing="ij")
    first, second = take["behind"]
    kind, pattern = int(take["kind"]), take["pattern"]
    if kind == 3:
        column, row = (pattern[i] + w * pattern[2] for i, w in ((0, u), (1, v)))
        photo = photos[int(pattern[3])].double() / 255
        x0, y0 = (x.clamp(0, photo.shape[0] - 1).long() for x in (column, row))
        x1, y1 = ((x + 1).clamp(max=photo.shape[0] - 1) for x in (x0, y0))
        s, t = (column - x0)[..., None], (row - y0)[..., None]
        top = photo[y0, x0] + (photo[y0, x1] - photo[y0, x0]) * s
        bottom = photo[y1, x0] + (photo[y1, x1] - photo[y1, x0]) * s
        return top + (bottom - top) * t
    if kind == 1:
        t = (0.5 + (u - 0.5) * pattern[0] + (v - 0.5) * pattern[1]).clamp(0, 1)
    elif kind == 2:
        key = hashed(take["grain"].long(), 1)
        place = torch.stack([u, v], dim=-1) * pattern[0]
        t = 0.7 * value_noise(key, place) + 0.3 * value_noise((key + 1) & _MASK, 3 * place)
    else:
        t = torch.zeros_like(u)
    return first + (second - first) * t[..., None]


def bell(key: Tensor) -> Tensor:
    word = mixed(key & _MASK)
    return (sum((word >> shift) & 255 for shift in (0, 8, 16, 24)).double() - 510) / 147.7972


def _shaded(
    scene: Scene, take: dict[str, Tensor], faces: Tensor, part: int, colour: Tensor, p: Tensor
) -> Tensor:
    """Colours at points of one face."""
    key = take["key"].long()
    if take["groups"] > 0:
        group = hashed(hashed(key, 1), part) % int(take["groups"])
        colour = random_colour(hashed(hashed(key, 2), group))
    part_key = hashed(hashed(key, 3), part)
    if unit(part_key) < take["texture"]:
        colour = textured(colour, p, part_key)
    a, b, c = faces
    normal = torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=0)
    eye = take["camera"][2] * take["distance"]
    normal = normal if normal @ (eye - a) >= 0 else -normal
    strength = take["ambient"] * (1 + 0.15 * normal[1])
    for light in take["lights"]:
        strength = strength + (normal @ light[:3]).clamp_min(0) * light[3]
    return (colour * strength).clamp(max=1)


def draw_one(scene: Scene, specs: PictureSpecs, i: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """(3, size, size) picture, (size, size) coverage and depth of picture `i`, in float64."""
    fields = {name: getattr(specs, name)[i] for name in specs.__dataclass_fields__}
    take = {name: value.double() if value.is_floating_point() else value for name, value in fields.items()}
    shape = int(take["shape"])
    first, last = (int(x) for x in scene.face_starts[shape : shape + 2])
    verts = scene.verts.double()[int(scene.vert_starts[shape]) + scene.faces[first:last].long()]
    verts = verts * take["stretch"]
    focal_x, focal_y, column, row = take["window"]
    seen = verts @ take["camera"].T
    depth = take["distance"] - seen[..., 2]
    u, v = column + focal_x * seen[..., 0] / depth, row - focal_y * seen[..., 1] / depth

    place = (torch.arange(2 * size).double() + 0.5) / 2
    y, x = torch.meshgrid(place, place, indexing="ij")
    nearest = torch.zeros_like(x)
    colours = torch.zeros(2 * size, 2 * size, 3).double()
    for f in range(last - first):
        (ua, ub, uc), (va, vb, vc) = u[f], v[f]
        area = (ub - ua) * (vc - va) - (vb - va) * (uc - ua)
        if area.abs() < 1e-9:
            continue
        wb = ((x - ua) * (vc - va) - (y - va) * (uc - ua)) / area
        wc = ((ub - ua) * (y - va) - (vb - va) * (x - ua)) / area
        wa = 1 - wb - wc
        inverse = wa / depth[f, 0] + wb / depth[f, 1] + wc / depth[f, 2]
        shows = (wa >= 0) & (wb >= 0) & (wc >= 0) & (inverse >= nearest)
        if not shows.any():
            continue
        nearest = torch.where(shows, inverse, nearest)
        z = 1 / inverse[shows]
        point = torch.stack([(x[shows] - column) / focal_x * z, (row - y[shows]) / focal_y * z], dim=1)
        point = torch.cat([point, (take["distance"] - z)[:, None]], dim=1) @ take["camera"]
        swatch = int(scene.palette_starts[shape]) + int(scene.colours[first + f])
        colour = scene.palette[swatch].double() / 255
        colours[shows] = _shaded(scene, take, verts[f], int(scene.parts[first + f]), colour, point)

    alpha = (nearest > 0).double().view(size, 2, size, 2).mean((1, 3))
    image = colours.view(size, 2, size, 2, 3).mean((1, 3))
    image = image + background(take, scene.photos, size) * (1 - alpha[..., None])
    image = image @ take["matrix"].T + take["offset"]
    number = hashed(take["grain"].long(), 2) + torch.arange(3 * size * size).view(size, size, 3)
    image = image + bell(number) * take["noise"]
    closest = nearest.view(size, 2, size, 2).amax((1, 3))
    seen_depth = torch.where(closest > 0, 1 / closest.clamp_min(1e-9), 0.0)
    return image.clamp(0, 1).permute(2, 0, 1), alpha, seen_depth
