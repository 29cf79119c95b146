"""Drawing pictures of packed shapes: a z-buffer with 2 x 2 samples a pixel, flat shading, textures, backgrounds.

On a CPU an item owns every n-th picture and one buffer of samples, and does all of a picture. On CUDA the buffer
holds all pictures; there is an item for each face and strip of rows first, then one for each pixel.
"""

import torch
import warp as wp
from torch import Tensor

from maquette.kernels.draw_covers import CoverArrays, Covers, before, cover_arrays
from maquette.kernels.draw_faces import SAMPLES, cover, hashed, projected, unit
from maquette.kernels.draw_inputs import PictureSpecs, Scene, SceneArrays, SpecArrays, as_arrays
from maquette.kernels.draw_pixels import background, bell, light_strength, random_colour, textured
from maquette.kernels.launch import even_pieces, launch, on_compute_device

__all__ = ["Covers", "PictureSpecs", "Scene", "draw", "projected_boxes"]

wp.set_module_options({"enable_backward": False, "max_unroll": 4})

_STRIPS = 8  # pieces that a face is cut into on CUDA
_LANES = 32  # items that share the vertices of a shape on CUDA
_MOST_SAMPLES = 1 << 26  # on CUDA at once, of 8 bytes
_MOST_PLACES = (1 << 31) - 1  # on a CPU at once: kernels count them in 32 bits


@wp.struct
class _Spec:
    """One picture of `SpecArrays`, held in registers: structures of arrays are copied at every call."""

    shape: int
    stretch: wp.vec3
    camera: wp.mat33
    distance: float
    window: wp.vec4
    key: wp.uint32
    groups: int
    texture: float
    ambient: float
    light: wp.vec4
    other: wp.vec4
    matrix: wp.mat33
    offset: wp.vec3
    noise: float


@wp.func
def _taken(specs: SpecArrays, picture: int) -> _Spec:
    take = _Spec()
    take.shape = specs.shape[picture]
    take.stretch = specs.stretch[picture]
    take.camera = specs.camera[picture]
    take.distance = specs.distance[picture]
    take.window = specs.window[picture]
    take.key = wp.uint32(specs.key[picture])
    take.groups = specs.groups[picture]
    take.texture = specs.texture[picture]
    take.ambient = specs.ambient[picture]
    take.light = specs.lights[picture, 0]
    take.other = specs.lights[picture, 1]
    take.matrix = specs.matrix[picture]
    take.offset = specs.offset[picture]
    take.noise = specs.noise[picture]
    return take


@wp.func
def _corner(scene: SceneArrays, take: _Spec, number: int) -> wp.vec3:
    """A vertex of a picture's shape in the object frame."""
    return wp.cw_mul(scene.verts[scene.vert_starts[take.shape] + number], take.stretch)


@wp.func
def _enter(
    scene: SceneArrays,
    take: _Spec,
    first: int,
    last: int,
    strip: int,
    strips: int,
    size: int,
    base: int,
    samples: wp.array(dtype=wp.uint64),
) -> None:
    """Enter faces `first` to `last` of a picture's shape into its samples."""
    # Structures are copied at every call: within the loop only what is needed is passed on.
    verts, stretch, camera, window = scene.verts, take.stretch, take.camera, take.window
    vert_start, face_start = scene.vert_starts[take.shape], scene.face_starts[take.shape]
    for face in range(first, last):
        corners = scene.faces[face_start + face]
        a = projected(wp.cw_mul(verts[vert_start + corners[0]], stretch), camera, take.distance, window)
        b = projected(wp.cw_mul(verts[vert_start + corners[1]], stretch), camera, take.distance, window)
        c = projected(wp.cw_mul(verts[vert_start + corners[2]], stretch), camera, take.distance, window)
        cover(a, b, c, face, size * SAMPLES, strip, strips, base, samples)


@wp.func
def _part_key(scene: SceneArrays, take: _Spec, face: int) -> wp.uint32:
    """Hash of the part that a face belongs to."""
    return hashed(hashed(take.key, 3), scene.parts[scene.face_starts[take.shape] + face])


@wp.func
def _face_colour(scene: SceneArrays, take: _Spec, face: int) -> wp.vec3:
    """Colour of a face without light and texture."""
    row = scene.face_starts[take.shape] + face
    if take.groups > 0:
        group = int(hashed(hashed(take.key, 1), scene.parts[row]) % wp.uint32(take.groups))
        return random_colour(hashed(hashed(take.key, 2), group))
    swatch = scene.palette_starts[take.shape] + int(scene.colours[row])
    red, green, blue = scene.palette[swatch, 0], scene.palette[swatch, 1], scene.palette[swatch, 2]
    return wp.vec3(float(red), float(green), float(blue)) / 255.0


@wp.func
def _face_light(scene: SceneArrays, take: _Spec, face: int) -> float:
    """Strength of the light on the side of a face that is seen."""
    corners = scene.faces[scene.face_starts[take.shape] + face]
    a = _corner(scene, take, corners[0])
    normal = wp.cross(_corner(scene, take, corners[1]) - a, _corner(scene, take, corners[2]) - a)
    eye = wp.vec3(take.camera[2, 0], take.camera[2, 1], take.camera[2, 2]) * take.distance
    return light_strength(normal, eye - a, take.ambient, take.light, take.other)


@wp.func
def _place(take: _Spec, column: float, line: float, depth: float) -> wp.vec3:
    """Point of the object frame that is seen at a place of the picture in a depth."""
    seen = wp.vec3(
        (column - take.window[2]) / take.window[0] * depth,
        (take.window[3] - line) / take.window[1] * depth,
        take.distance - depth,
    )
    return wp.transpose(take.camera) * seen


@wp.func
def _paint_pixels(
    scene: SceneArrays,
    specs: SpecArrays,
    picture: int,
    first: int,
    last: int,
    size: int,
    base: int,
    samples: wp.array(dtype=wp.uint64),
    covers: CoverArrays,
    images: wp.array(dtype=float),
    alpha: wp.array(dtype=float),
    depths: wp.array(dtype=float),
) -> None:
    """Colour, coverage and depth of pixels `first` to `last` of a picture, whose samples become free again."""
    take = _taken(specs, picture)
    kind, front, back = specs.kind[picture], specs.behind[picture, 0], specs.behind[picture, 1]
    pattern = specs.pattern[picture]
    grain = wp.uint32(specs.grain[picture])
    cloud_key, noise_key = hashed(grain, 1), hashed(grain, 2)
    pixels = size * size
    which = int(-1)
    erases = int(0)
    column_place, row_place, edge = wp.vec3(0.0), wp.vec3(0.0), wp.vec3(0.0)
    bank = covers.pictures
    if bank.shape[0] > 0:
        which = covers.which[picture]
        erases = covers.erases[picture]
        column_place = covers.places[picture, 0]
        row_place = covers.places[picture, 1]
        edge = covers.edge[picture]
    seen = int(-1)
    part_key = wp.uint32(0)
    colour = wp.vec3(0.0)
    strength = float(0.0)
    for pixel in range(first, last):
        x, y = pixel % size, pixel // size
        hides = wp.vec4(0.0)
        kept = float(1.0)
        if which >= 0:
            at = wp.vec3(float(x) + 0.5, float(y) + 0.5, 1.0)
            hides = before(bank, which, column_place, row_place, at)
            kept = wp.clamp(wp.dot(edge, at) + 0.5, 0.0, 1.0)
            if erases > 0:
                kept *= 1.0 - hides[3]
                hides = wp.vec4(0.0)
        through = 1.0 - hides[3]
        total = wp.vec3(0.0)
        covered = int(0)
        nearest = float(0.0)  # the largest inverse depth
        for i in range(SAMPLES):
            for j in range(SAMPLES):
                place = base + (y * SAMPLES + i) * size * SAMPLES + x * SAMPLES + j
                word = samples[place]
                if word != wp.uint64(0):
                    samples[place] = wp.uint64(0)
                if word != wp.uint64(0) and kept * through > 0.0:
                    inverse = wp.cast(wp.uint32(word >> wp.uint64(32)), float)
                    nearest = wp.max(nearest, inverse)
                    face = int(word & wp.uint64(0xFFFFFFFF)) - 1
                    if face != seen:
                        part_key = _part_key(scene, take, face)
                        colour = _face_colour(scene, take, face)
                        strength = _face_light(scene, take, face)
                        seen = face
                    shown = colour
                    if unit(part_key) < take.texture:
                        column = float(x) + (float(j) + 0.5) / float(SAMPLES)
                        line = float(y) + (float(i) + 0.5) / float(SAMPLES)
                        shown = textured(colour, _place(take, column, line, 1.0 / inverse), part_key)
                    total += wp.min(shown * strength, wp.vec3(1.0))
                    covered += 1
        share = kept * float(covered) / float(SAMPLES * SAMPLES)
        total = kept * total / float(SAMPLES * SAMPLES)
        if share < 1.0 and through > 0.0:
            u, v = (float(x) + 0.5) / float(size), (float(y) + 0.5) / float(size)
            total += background(kind, front, back, pattern, cloud_key, scene.photos, u, v) * (1.0 - share)
        total = through * total + wp.vec3(hides[0], hides[1], hides[2])
        share *= through
        total = take.matrix * total + take.offset
        if take.noise > 0.0:
            number = noise_key + wp.uint32(3 * pixel)
            total += (
                wp.vec3(bell(number), bell(number + wp.uint32(1)), bell(number + wp.uint32(2))) * take.noise
            )
        for c in range(3):
            images[(picture * 3 + c) * pixels + pixel] = wp.clamp(total[c], 0.0, 1.0)
        alpha[picture * pixels + pixel] = share
        if share > 0.0:
            depths[picture * pixels + pixel] = 1.0 / nearest


@wp.kernel
def _draw(
    start: int,
    owners: int,
    size: int,
    scene: SceneArrays,
    specs: SpecArrays,
    samples: wp.array(dtype=wp.uint64),
    covers: CoverArrays,
    images: wp.array(dtype=float),
    alpha: wp.array(dtype=float),
    depths: wp.array(dtype=float),
) -> None:
    owner = start + wp.tid()
    base = owner * size * size * SAMPLES * SAMPLES
    for picture in range(owner, specs.shape.shape[0], owners):
        shape = specs.shape[picture]
        count = scene.face_starts[shape + 1] - scene.face_starts[shape]
        _enter(scene, _taken(specs, picture), 0, count, 0, 1, size, base, samples)
        _paint_pixels(
            scene, specs, picture, 0, size * size, size, base, samples, covers, images, alpha, depths
        )


@wp.kernel
def _cover(
    start: int,
    strips: int,
    size: int,
    ends: wp.array(dtype=wp.int64),
    scene: SceneArrays,
    specs: SpecArrays,
    samples: wp.array(dtype=wp.uint64),
) -> None:
    item = start + wp.tid()
    place = wp.int64(item // strips)
    picture = int(0)  # becomes the first whose last face lies behind `place`
    beyond = ends.shape[0] - 1
    while picture < beyond:
        middle = (picture + beyond) // 2
        if ends[middle] > place:
            beyond = middle
        else:
            picture = middle + 1
    shape = specs.shape[picture]
    face = scene.face_starts[shape + 1] - scene.face_starts[shape] - int(ends[picture] - place)
    base = picture * size * size * SAMPLES * SAMPLES
    _enter(scene, _taken(specs, picture), face, face + 1, item % strips, strips, size, base, samples)


@wp.kernel
def _paint(
    start: int,
    size: int,
    scene: SceneArrays,
    specs: SpecArrays,
    samples: wp.array(dtype=wp.uint64),
    covers: CoverArrays,
    images: wp.array(dtype=float),
    alpha: wp.array(dtype=float),
    depths: wp.array(dtype=float),
) -> None:
    item = start + wp.tid()
    picture = item // (size * size)
    pixel = item % (size * size)
    base = picture * size * size * SAMPLES * SAMPLES
    _paint_pixels(scene, specs, picture, pixel, pixel + 1, size, base, samples, covers, images, alpha, depths)


@wp.kernel
def _bound(
    start: int, lanes: int, scene: SceneArrays, specs: SpecArrays, boxes: wp.array2d(dtype=wp.vec2)
) -> None:
    item = start + wp.tid()
    picture = item // lanes
    shape = specs.shape[picture]
    low = wp.vec2(float(wp.inf))
    high = wp.vec2(float(-wp.inf))
    for i in range(scene.vert_starts[shape] + item % lanes, scene.vert_starts[shape + 1], lanes):
        vert = wp.cw_mul(scene.verts[i], specs.stretch[picture])
        p = projected(vert, specs.camera[picture], specs.distance[picture], specs.window[picture])
        low = wp.min(low, wp.vec2(p[0], p[1]))
        high = wp.max(high, wp.vec2(p[0], p[1]))
    boxes[item, 0] = low
    boxes[item, 1] = high


@on_compute_device
def draw(
    scene: Scene, specs: PictureSpecs, size: int, covers: Covers | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw pictures.

    Args:
        scene: the shapes.
        specs: how each of P pictures is taken, on the scene's device.
        size: pixels a side.
        covers: what hides a part of each object; nothing when not given.

    Returns:
        (P, 3, size, size) float32 RGB in [0, 1]; (P, size, size) float32: the part of each pixel's four samples
        that shows the object; and the depth of the nearest of these samples, 0 where there is none. Where two
        faces are equally near, the one with the larger index shows.
    """
    device = scene.device
    images = torch.empty((len(specs), 3, size, size), dtype=torch.float32, device=device)
    alpha = torch.empty_like(images[:, 0])
    depth = torch.zeros_like(alpha)
    each = size * size * int(SAMPLES) ** 2
    way, most = (_draw_by_face, _MOST_SAMPLES) if device.type == "cuda" else (_draw_by_picture, _MOST_PLACES)
    at_once = max(1, most // each)
    for start in range(0, len(specs), at_once):
        part = slice(start, start + at_once)
        hiding = None if covers is None else covers[part]
        way(scene, specs[part], size, images[part], alpha[part], depth[part], covers=hiding)
    return images, alpha, depth


def _draw_by_picture(
    scene: Scene, specs: PictureSpecs, size: int, *pictures: Tensor, covers: Covers | None = None
) -> None:
    owners = min(torch.get_num_threads(), len(specs))
    samples = torch.zeros(owners * (size * int(SAMPLES)) ** 2, dtype=torch.uint64)
    inputs = [owners, size, *as_arrays(scene, specs), samples, cover_arrays(covers, scene.device)]
    inputs += [p.view(-1) for p in pictures]
    launch(_draw, owners, inputs, scene.device, even_pieces(owners))


def _draw_by_face(
    scene: Scene, specs: PictureSpecs, size: int, *pictures: Tensor, covers: Covers | None = None
) -> None:
    shape = specs.shape.long()
    ends = (scene.face_starts[shape + 1] - scene.face_starts[shape]).cumsum(0)
    samples = torch.zeros(len(specs) * (size * int(SAMPLES)) ** 2, dtype=torch.int64, device=scene.device)
    samples = samples.view(torch.uint64)
    arrays = as_arrays(scene, specs)
    items = int(ends[-1]) * _STRIPS
    launch(_cover, items, [_STRIPS, size, ends, *arrays, samples], scene.device)
    inputs = [size, *arrays, samples, cover_arrays(covers, scene.device), *(p.view(-1) for p in pictures)]
    launch(_paint, len(specs) * size * size, inputs, scene.device)


@on_compute_device
def projected_boxes(scene: Scene, specs: PictureSpecs) -> Tensor:
    """(P, 2, 2) float32 smallest and largest column and row of each picture's projected vertices, in pixels."""
    device = scene.device
    lanes = _LANES if device.type == "cuda" else 1
    boxes = torch.empty((len(specs) * lanes, 2, 2), dtype=torch.float32, device=device)
    launch(_bound, len(boxes), [lanes, *as_arrays(scene, specs), boxes], device)
    boxes = boxes.view(len(specs), lanes, 2, 2)
    return torch.stack([boxes[:, :, 0].amin(1), boxes[:, :, 1].amax(1)], dim=1)
