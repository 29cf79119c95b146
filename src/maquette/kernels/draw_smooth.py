"""Drawing smooth shapes with colours at their vertices, and what is true of every pixel: a z-buffer of 2 x 2 samples.

On a CPU an item owns every n-th picture and one buffer of samples, and does all of a picture. On CUDA the buffer
holds all pictures; there is an item for each face first, then one for each pixel.
"""

from dataclasses import dataclass, fields, replace

import torch
import warp as wp
from jaxtyping import Float
from torch import Tensor

from maquette.kernels.draw_faces import SAMPLES, cover, hashed, projected
from maquette.kernels.draw_inputs import filled
from maquette.kernels.draw_pixels import background
from maquette.kernels.launch import even_pieces, launch, on_compute_device

wp.set_module_options({"enable_backward": False, "max_unroll": 4})

_MOST_SAMPLES = 1 << 26  # on CUDA at once, of 8 bytes
_MANY = wp.constant(SAMPLES * SAMPLES)


@dataclass(frozen=True, eq=False)
class SmoothShapes:
    """Shapes with the same faces, one a picture, and how each picture is taken.

    The camera stands at 1 on the z axis and looks towards -z; x points right and y up.

    Attributes:
        verts: (P, V, 3) float32.
        normals: (P, V, 3) float32, of length 1.
        colours: (P, V, 3) float32 in [0, 1].
        faces: (F, 3) int32.
        window: (P, 4) float32 focal lengths along columns and rows, column and row of the optical axis, in pixels.
        light: (P, 4) float32 direction towards the light, of length 1, and its strength.
        ambient: (P,) float32 strength of the even light.
        kind, behind, pattern, grain: backgrounds as `draw_inputs.PictureSpecs` has them, without photographs.
    """

    verts: Tensor
    normals: Tensor
    colours: Tensor
    faces: Tensor
    window: Tensor
    light: Tensor
    ambient: Tensor
    kind: Tensor
    behind: Tensor
    pattern: Tensor
    grain: Tensor

    @property
    def device(self) -> torch.device:
        """Where all of it is."""
        return self.verts.device

    def to(self, device: torch.device) -> "SmoothShapes":
        """The same on another device."""
        return SmoothShapes(*(getattr(self, f.name).to(device) for f in fields(self)))

    def __getitem__(self, index: slice) -> "SmoothShapes":
        own = {f.name: getattr(self, f.name)[index] for f in fields(self) if f.name != "faces"}
        return replace(self, **own)


@dataclass(frozen=True, eq=False)
class SmoothPictures:
    """What was drawn, and what is true of it.

    Attributes:
        images: RGB in [0, 1].
        alpha: share of a pixel's samples that show the shape.
        depth: distance along the camera's axis, the mean of these samples; 0 where there is none.
        normals: of length 1, in the frame of the vertices; 0 where there is none.
        albedo: colours without light; 0 where there is none.
    """

    images: Float[Tensor, "picture 3 size size"]
    alpha: Float[Tensor, "picture size size"]
    depth: Float[Tensor, "picture size size"]
    normals: Float[Tensor, "picture 3 size size"]
    albedo: Float[Tensor, "picture 3 size size"]

    def to(self, device: torch.device) -> "SmoothPictures":
        """The same on another device."""
        return SmoothPictures(*(getattr(self, f.name).to(device) for f in fields(self)))


@wp.struct
class _Shapes:
    """`SmoothShapes` within a kernel."""

    verts: wp.array2d(dtype=wp.vec3)
    normals: wp.array2d(dtype=wp.vec3)
    colours: wp.array2d(dtype=wp.vec3)
    faces: wp.array2d(dtype=wp.int32)
    window: wp.array(dtype=wp.vec4)
    light: wp.array(dtype=wp.vec4)
    ambient: wp.array(dtype=float)
    kind: wp.array(dtype=wp.int32)
    behind: wp.array2d(dtype=wp.vec3)
    pattern: wp.array(dtype=wp.vec4)
    grain: wp.array(dtype=wp.int32)


@wp.struct
class _Pictures:
    """`SmoothPictures` within a kernel."""

    images: wp.array3d(dtype=float)
    alpha: wp.array2d(dtype=float)
    depth: wp.array2d(dtype=float)
    normals: wp.array3d(dtype=float)
    albedo: wp.array3d(dtype=float)


@wp.kernel
def _project(
    start: int,
    verts: wp.array2d(dtype=wp.vec3),
    window: wp.array(dtype=wp.vec4),
    at: wp.array2d(dtype=wp.vec3),
) -> None:
    item = start + wp.tid()
    picture = item // verts.shape[1]
    vert = item % verts.shape[1]
    upright = wp.identity(n=3, dtype=float)
    at[picture, vert] = projected(verts[picture, vert], upright, 1.0, window[picture])


@wp.func
def _enter(
    faces: wp.array2d(dtype=wp.int32),
    at: wp.array2d(dtype=wp.vec3),
    picture: int,
    first: int,
    last: int,
    size: int,
    base: int,
    samples: wp.array(dtype=wp.uint64),
) -> None:
    """Enter faces `first` to `last` of a picture that do not look away from the camera."""
    for face in range(first, last):
        a = at[picture, faces[face, 0]]
        b = at[picture, faces[face, 1]]
        c = at[picture, faces[face, 2]]
        if (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) < 0.0:
            cover(a, b, c, face, size * SAMPLES, 0, 1, base, samples)


@wp.func
def _shares(a: wp.vec3, b: wp.vec3, c: wp.vec3, u: float, v: float) -> wp.vec3:
    """Barycentric coordinates in space of what is seen at column u and row v of a face."""
    first = ((b[0] - u) * (c[1] - v) - (b[1] - v) * (c[0] - u)) / a[2]
    second = ((c[0] - u) * (a[1] - v) - (c[1] - v) * (a[0] - u)) / b[2]
    third = ((a[0] - u) * (b[1] - v) - (a[1] - v) * (b[0] - u)) / c[2]
    return wp.vec3(first, second, third) / (first + second + third)


@wp.func
def _finish(
    shapes: _Shapes,
    at: wp.array2d(dtype=wp.vec3),
    picture: int,
    first: int,
    last: int,
    size: int,
    base: int,
    samples: wp.array(dtype=wp.uint64),
    photos: wp.array4d(dtype=wp.uint8),
    out: _Pictures,
) -> None:
    """Colour and truth of pixels `first` to `last` of a picture, whose samples become free again."""
    # Structures are copied at every call, so the loop is in here.
    faces, normals, colours = shapes.faces, shapes.normals, shapes.colours
    light, ambient, kind = shapes.light[picture], shapes.ambient[picture], shapes.kind[picture]
    front, back, pattern = shapes.behind[picture, 0], shapes.behind[picture, 1], shapes.pattern[picture]
    key = hashed(wp.uint32(shapes.grain[picture]), 1)
    towards = wp.vec3(light[0], light[1], light[2])
    for pixel in range(first, last):
        x, y = pixel % size, pixel // size
        covered = int(0)
        depth = float(0.0)
        normal = wp.vec3(0.0)
        colour = wp.vec3(0.0)
        for i in range(SAMPLES):
            for j in range(SAMPLES):
                place = base + (y * SAMPLES + i) * size * SAMPLES + x * SAMPLES + j
                word = samples[place]
                if word != wp.uint64(0):
                    samples[place] = wp.uint64(0)
                    face = int(word & wp.uint64(0xFFFFFFFF)) - 1
                    p, q, r = int(faces[face, 0]), int(faces[face, 1]), int(faces[face, 2])
                    u = float(x) + (float(j) + 0.5) / float(SAMPLES)
                    v = float(y) + (float(i) + 0.5) / float(SAMPLES)
                    w = _shares(at[picture, p], at[picture, q], at[picture, r], u, v)
                    normal += normals[picture, p] * w[0] + normals[picture, q] * w[1]
                    normal += normals[picture, r] * w[2]
                    colour += colours[picture, p] * w[0] + colours[picture, q] * w[1]
                    colour += colours[picture, r] * w[2]
                    depth += 1.0 / wp.cast(wp.uint32(word >> wp.uint64(32)), float)
                    covered += 1
        share = float(covered) / float(_MANY)
        shown = wp.vec3(0.0)
        if covered > 0:
            depth = depth / float(covered)
            normal = wp.normalize(normal)
            colour = colour / float(covered)
            strength = ambient + light[3] * wp.max(wp.dot(normal, towards), 0.0)
            shown = wp.min(colour * strength, wp.vec3(1.0)) * share
        if covered < _MANY:
            s, t = (float(x) + 0.5) / float(size), (float(y) + 0.5) / float(size)
            shown += background(kind, front, back, pattern, key, photos, s, t) * (1.0 - share)
        out.alpha[picture, pixel] = share
        out.depth[picture, pixel] = depth
        for c in range(3):
            out.images[picture, c, pixel] = shown[c]
            out.normals[picture, c, pixel] = normal[c]
            out.albedo[picture, c, pixel] = colour[c]


@wp.kernel
def _draw(
    start: int,
    owners: int,
    size: int,
    shapes: _Shapes,
    at: wp.array2d(dtype=wp.vec3),
    samples: wp.array(dtype=wp.uint64),
    photos: wp.array4d(dtype=wp.uint8),
    out: _Pictures,
) -> None:
    owner = start + wp.tid()
    base = owner * size * size * _MANY
    for picture in range(owner, at.shape[0], owners):
        _enter(shapes.faces, at, picture, 0, shapes.faces.shape[0], size, base, samples)
        _finish(shapes, at, picture, 0, size * size, size, base, samples, photos, out)


@wp.kernel
def _cover_face(
    start: int,
    size: int,
    faces: wp.array2d(dtype=wp.int32),
    at: wp.array2d(dtype=wp.vec3),
    samples: wp.array(dtype=wp.uint64),
) -> None:
    item = start + wp.tid()
    picture = item // faces.shape[0]
    face = item % faces.shape[0]
    _enter(faces, at, picture, face, face + 1, size, picture * size * size * _MANY, samples)


@wp.kernel
def _paint_pixel(
    start: int,
    size: int,
    shapes: _Shapes,
    at: wp.array2d(dtype=wp.vec3),
    samples: wp.array(dtype=wp.uint64),
    photos: wp.array4d(dtype=wp.uint8),
    out: _Pictures,
) -> None:
    item = start + wp.tid()
    picture = item // (size * size)
    pixel = item % (size * size)
    base = picture * size * size * _MANY
    _finish(shapes, at, picture, pixel, pixel + 1, size, base, samples, photos, out)


@on_compute_device
def draw_smooth(shapes: SmoothShapes, size: int) -> SmoothPictures:
    """Draw a picture of each shape: albedo times (ambient + strength max(0, normal . direction)), by Lambert.

    Shading is a pixel's own, from its mean normal and albedo, so that both explain the picture exactly. Faces that
    look away from the camera, and those nearer than 0.02, are not drawn.

    Args:
        shapes: and how their pictures are taken.
        size: pixels a side.
    """
    device = shapes.verts.device
    count, pixels = len(shapes.verts), size * size
    at_once = max(1, min(count, _MOST_SAMPLES // (pixels * int(_MANY))))
    way = _draw_by_face if device.type == "cuda" else _draw_by_picture
    parts = [way(shapes[start : start + at_once], size) for start in range(0, count, at_once)] or [
        _empty(0, pixels, device)
    ]
    drawn = (torch.cat([getattr(part, f.name) for part in parts]) for f in fields(SmoothPictures))
    return SmoothPictures(*(tensor.unflatten(-1, (size, size)) for tensor in drawn))


def _empty(count: int, pixels: int, device: torch.device) -> SmoothPictures:
    shapes = ((count, 3, pixels), (count, pixels), (count, pixels), (count, 3, pixels), (count, 3, pixels))
    return SmoothPictures(*(torch.empty(shape, device=device) for shape in shapes))


def _projected(shapes: SmoothShapes) -> Tensor:
    at = torch.empty_like(shapes.verts)
    launch(_project, at.shape[0] * at.shape[1], [shapes.verts, shapes.window, at], at.device)
    return at


def _draw_by_picture(shapes: SmoothShapes, size: int) -> SmoothPictures:
    at, out = _projected(shapes), _empty(len(shapes.verts), size * size, shapes.verts.device)
    owners = min(torch.get_num_threads(), len(at))
    samples = torch.zeros(owners * size * size * int(_MANY), dtype=torch.uint64)
    inputs = [owners, size, filled(_Shapes, shapes), at, samples, _no_photos(at), filled(_Pictures, out)]
    launch(_draw, owners, inputs, at.device, even_pieces(owners))
    return out


def _draw_by_face(shapes: SmoothShapes, size: int) -> SmoothPictures:
    at, out = _projected(shapes), _empty(len(shapes.verts), size * size, shapes.verts.device)
    samples = torch.zeros(len(at) * size * size * int(_MANY), dtype=torch.int64, device=at.device)
    samples = samples.view(torch.uint64)
    launch(_cover_face, len(at) * len(shapes.faces), [size, shapes.faces, at, samples], at.device)
    inputs = [size, filled(_Shapes, shapes), at, samples, _no_photos(at), filled(_Pictures, out)]
    launch(_paint_pixel, len(at) * size * size, inputs, at.device)
    return out


def _no_photos(like: Tensor) -> Tensor:
    return torch.zeros((0, 1, 1, 3), dtype=torch.uint8, device=like.device)
