"""Device functions for the colour of a pixel: faces with colours, textures and lights, backgrounds, noise."""

import warp as wp

from maquette.kernels.draw_faces import hashed, mixed, unit

GRADIENT = wp.constant(1)  # kinds of background; 0 is plain
CLOUDS = wp.constant(2)
PHOTO = wp.constant(3)
_TURN = wp.constant(6.2831853)
_THIRD = wp.constant(2.0943951)


@wp.func
def _blend(a: wp.vec3, b: wp.vec3, t: float) -> wp.vec3:
    return a + (b - a) * t


@wp.func
def random_colour(key: wp.uint32) -> wp.vec3:
    """A colour: any hue, often pale, brightness 0.15 to 1."""
    hue = unit(key) * _TURN
    full = unit(hashed(key, 1))
    value = 0.15 + 0.85 * unit(hashed(key, 2))
    pure = wp.vec3(
        0.5 + 0.5 * wp.cos(hue), 0.5 + 0.5 * wp.cos(hue - _THIRD), 0.5 + 0.5 * wp.cos(hue + _THIRD)
    )
    return _blend(wp.vec3(1.0), pure, full * full) * value


@wp.func
def _corner(key: wp.uint32, x: int, y: int, z: int) -> float:
    # Large odd factors keep neighbouring corners apart; the sum wraps around.
    place = wp.uint32(x) * wp.uint32(73856093) ^ wp.uint32(y) * wp.uint32(19349663)
    return unit(mixed(key ^ place ^ wp.uint32(z) * wp.uint32(83492791)))


@wp.func
def _smooth(t: float) -> float:
    return t * t * (3.0 - 2.0 * t)


@wp.func
def _mix(a: float, b: float, t: float) -> float:
    return a + (b - a) * t


@wp.func
def value_noise_2d(key: wp.uint32, u: float, v: float) -> float:
    """Random numbers in [0, 1) at whole places, and smoothly between them in between."""
    x, y = int(wp.floor(u)), int(wp.floor(v))
    s, t = _smooth(u - float(x)), _smooth(v - float(y))
    low = _mix(_corner(key, x, y, 0), _corner(key, x + 1, y, 0), s)
    high = _mix(_corner(key, x, y + 1, 0), _corner(key, x + 1, y + 1, 0), s)
    return _mix(low, high, t)


@wp.func
def value_noise_3d(key: wp.uint32, p: wp.vec3) -> float:
    """The same in three dimensions."""
    x, y, z = int(wp.floor(p[0])), int(wp.floor(p[1])), int(wp.floor(p[2]))
    s, t = _smooth(p[0] - float(x)), _smooth(p[1] - float(y))
    a = _mix(_corner(key, x, y, z), _corner(key, x + 1, y, z), s)
    b = _mix(_corner(key, x, y + 1, z), _corner(key, x + 1, y + 1, z), s)
    c = _mix(_corner(key, x, y, z + 1), _corner(key, x + 1, y, z + 1), s)
    d = _mix(_corner(key, x, y + 1, z + 1), _corner(key, x + 1, y + 1, z + 1), s)
    return _mix(_mix(a, b, t), _mix(c, d, t), _smooth(p[2] - float(z)))


@wp.func
def textured(colour: wp.vec3, p: wp.vec3, key: wp.uint32) -> wp.vec3:
    """The colour at a point of a part whose hash is `key`: a checker board, stripes or smooth noise between the
    colour and another one."""
    kind = int(hashed(key, 1) % wp.uint32(3))
    often = 6.0 + 24.0 * unit(hashed(key, 2))  # cells in a bounding-box diagonal
    along = wp.vec3(unit(hashed(key, 3)) - 0.5, unit(hashed(key, 4)) - 0.5, unit(hashed(key, 5)) - 0.5)
    other = colour * (0.3 + 0.5 * unit(hashed(key, 6)))
    if unit(hashed(key, 7)) < 0.3:
        other = random_colour(hashed(key, 8))
    if kind == 0:
        q = p * often
        cell = int(wp.floor(q[0])) + int(wp.floor(q[1])) + int(wp.floor(q[2]))
        return wp.where((cell & 1) == 0, colour, other)
    if kind == 1:
        at = 2.0 * often * wp.dot(p, along)
        return wp.where(at - wp.floor(at) < 0.5, colour, other)
    stretched = wp.cw_mul(p, wp.vec3(0.15) + wp.cw_mul(along, along) * 4.0) * (2.0 * often)
    return _blend(colour, other, value_noise_3d(hashed(key, 9), stretched))


@wp.func
def light_strength(
    normal: wp.vec3, towards: wp.vec3, ambient: float, light: wp.vec4, other: wp.vec4
) -> float:
    """Lambert's law for both sides of a face, under an even light and two directed ones.

    Args:
        normal: of the face, of any length and side.
        towards: from the face to the camera.
        ambient: strength of the even light, a little more of which comes from above.
        light: direction towards the light, and its strength; `other` the same.
    """
    n = wp.normalize(normal)
    if wp.dot(n, towards) < 0.0:
        n = -n
    first = wp.max(n[0] * light[0] + n[1] * light[1] + n[2] * light[2], 0.0) * light[3]
    second = wp.max(n[0] * other[0] + n[1] * other[1] + n[2] * other[2], 0.0) * other[3]
    return ambient * (1.0 + 0.15 * n[1]) + first + second


@wp.func
def _photo(photos: wp.array4d(dtype=wp.uint8), k: int, u: float, v: float) -> wp.vec3:
    k = wp.clamp(k, 0, photos.shape[0] - 1)
    x, y = wp.clamp(u, 0.0, float(photos.shape[2] - 1)), wp.clamp(v, 0.0, float(photos.shape[1] - 1))
    x0, y0 = int(x), int(y)
    x1, y1 = wp.min(x0 + 1, photos.shape[2] - 1), wp.min(y0 + 1, photos.shape[1] - 1)
    s, t = x - float(x0), y - float(y0)
    colour = wp.vec3(0.0)
    for c in range(3):
        top = _mix(float(photos[k, y0, x0, c]), float(photos[k, y0, x1, c]), s)
        bottom = _mix(float(photos[k, y1, x0, c]), float(photos[k, y1, x1, c]), s)
        colour[c] = _mix(top, bottom, t) / 255.0
    return colour


@wp.func
def background(
    kind: int,
    first: wp.vec3,
    second: wp.vec3,
    pattern: wp.vec4,
    key: wp.uint32,
    photos: wp.array4d(dtype=wp.uint8),
    u: float,
    v: float,
) -> wp.vec3:
    """Colour behind the object at (u, v) in [0, 1] from the picture's top left.

    Args:
        kind: 0 plain, `GRADIENT`, `CLOUDS` or `PHOTO`.
        first: colour of a plain one, and one end of the others.
        second: the other end.
        pattern: gradient: its slopes along u and v; clouds: cells a side; photo: left, top and side of the
            square in the photograph's pixels, and which photograph.
        key: hash of the picture.
    """
    if kind == PHOTO and photos.shape[0] > 0:
        return _photo(photos, int(pattern[3]), pattern[0] + u * pattern[2], pattern[1] + v * pattern[2])
    if kind == GRADIENT:
        t = 0.5 + (u - 0.5) * pattern[0] + (v - 0.5) * pattern[1]
        return _blend(first, second, wp.clamp(t, 0.0, 1.0))
    if kind == CLOUDS:
        coarse = value_noise_2d(key, u * pattern[0], v * pattern[0])
        fine = value_noise_2d(key + wp.uint32(1), u * pattern[0] * 3.0, v * pattern[0] * 3.0)
        return _blend(first, second, 0.7 * coarse + 0.3 * fine)
    return first


@wp.func
def bell(key: wp.uint32) -> float:
    """A number of mean 0 and variance 1, nearly normal: the sum of four bytes of a hash."""
    word = mixed(key)
    total = (word & wp.uint32(255)) + ((word >> wp.uint32(8)) & wp.uint32(255))
    total = total + ((word >> wp.uint32(16)) & wp.uint32(255)) + (word >> wp.uint32(24))
    return (float(total) - 510.0) / 147.7972
