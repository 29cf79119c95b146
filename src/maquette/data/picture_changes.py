"""What becomes of a picture with transparency before a network sees it: background, crop, colours, noise.

With plain backgrounds and framing "camera" this is what 3D-R2N2 did (Choy et al., ECCV 2016, released code): where
alpha is exactly 0 a colour is put, and of the picture a square is cut out. Otherwise backgrounds shine through where
alpha lets them.
"""

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

from . import backgrounds, jitter
from .framing import frame_object, object_box
from .views_config import ViewsConfig

Picture = Float[Tensor, "4 height width"]
Image = Float[Tensor, "3 height width"]
Photos = UInt8[Tensor, "photo side side 3"]
_FINER, _FINER_SHARE = 3, 0.3


def held_picture(picture: Picture, config: ViewsConfig) -> Float[Tensor, "3 size size"]:
    """A picture on grey 240 / 255, cut from the middle or framed with the middle of the margins.

    Args:
        picture: RGBA in [0, 1], colours not multiplied by alpha.
        config: how pictures are taken.

    Raises:
        ValueError: nothing is opaque (framing "object").
    """
    grey = (backgrounds.HELD_GREY,) * 3
    if config.framing == "object":
        return frame_object(picture[:3], picture[3:], config.size, sum(config.margin) / 2, grey)
    return _cut(_on_color(picture, torch.tensor(grey)), config, None)


def changed_picture(
    picture: Picture, config: ViewsConfig, rng: np.random.Generator, photos: Photos | None = None
) -> Float[Tensor, "3 size size"]:
    """A picture as training sees it, but for mirroring.

    Args:
        picture: RGBA in [0, 1], colours not multiplied by alpha.
        config: how it is changed; cameras, lights, colours and textures are those that the picture has.
        rng: draws as many numbers whatever the settings are.
        photos: for backgrounds of this kind.

    Raises:
        ValueError: nothing is opaque (framing "object").
    """
    numbers, place = rng.random(backgrounds.DRAWS), rng.random(2)
    margin, shift = rng.random(), 2 * rng.random(2) - 1
    colours, seed = rng.random(jitter.DRAWS), int(rng.integers(2**62))
    randoms = torch.Generator().manual_seed(seed)
    image = on_background(picture, config, numbers, photos, randoms)
    if config.framing == "object":
        low, high = config.margin
        box = _shifted_box(picture[3:], config.shift * shift)
        image = frame_object(image, box, config.size, low + (high - low) * margin)
    else:
        image = _cut(image, config, place)
    return _noisy(_jittered(image, config.jitter, colours), config.noise, randoms)


def _on_color(picture: Picture, color: Float[Tensor, " 3"]) -> Image:
    """A picture whose fully transparent pixels have a colour."""
    return torch.where(picture[3:] == 0, color[:, None, None], picture[:3])


def on_background(
    picture: Picture,
    config: ViewsConfig,
    numbers: np.ndarray,
    photos: Photos | None,
    randoms: torch.Generator,
) -> Image:
    """A picture before a background that shines through where alpha lets it.

    Args:
        picture: RGBA in [0, 1], colours not multiplied by alpha.
        config: kinds of backgrounds, and whether plain ones are laid under whole pixels alone (framing "camera").
        numbers: in [0, 1), `backgrounds.DRAWS` of them.
        photos: for backgrounds of this kind.
        randoms: of clouds.
    """
    count = 0 if photos is None else len(photos)
    kind, behind, pattern = backgrounds.draw_backgrounds(numbers[None], config, count)
    front, back = torch.from_numpy(behind[0]).float()
    if kind[0] == backgrounds.KINDS["plain"] and config.framing == "camera":
        return _on_color(picture, front)
    if kind[0] == backgrounds.KINDS["plain"]:
        scene = front[:, None, None]
    elif kind[0] == backgrounds.KINDS["photos"] and photos is not None:
        scene = _photo(photos, pattern[0], picture.shape[1:])
    else:
        share = _shares(int(kind[0]), pattern[0], picture.shape[1:], randoms)
        scene = front[:, None, None] + share * (back - front)[:, None, None]
    blended: Tensor = scene + picture[3:] * (picture[:3] - scene)
    return blended


def _shares(
    kind: int, pattern: np.ndarray, size: torch.Size, randoms: torch.Generator
) -> Float[Tensor, "height width"]:
    """How much of its second colour a background of two colours has at each pixel."""
    if kind == backgrounds.KINDS["gradient"]:
        v, u = ((torch.arange(count) + 0.5) / count - 0.5 for count in size)
        return (0.5 + u * float(pattern[0]) + v[:, None] * float(pattern[1])).clamp(0, 1)
    coarse, fine = (_clouds(round(pattern[0] * scale) + 2, size, randoms) for scale in (1, _FINER))
    return coarse + _FINER_SHARE * (fine - coarse)


def _clouds(cells: int, size: torch.Size, randoms: torch.Generator) -> Float[Tensor, "height width"]:
    """Random values on a coarse grid, interpolated."""
    values = torch.rand((1, 1, cells, cells), generator=randoms)
    return interpolate(values, tuple(size), mode="bicubic", align_corners=True)[0, 0].clamp(0, 1)


def _photo(photos: Photos, pattern: np.ndarray, size: torch.Size) -> Image:
    """A square of a photograph, over the whole picture."""
    left, top, side, number = (int(value) for value in pattern)
    square = photos[number, top : top + side, left : left + side].permute(2, 0, 1)[None].float() / 255
    return interpolate(square, tuple(size), mode="bilinear", antialias=True)[0].clamp(0, 1)


def _cut(image: Image, config: ViewsConfig, place: np.ndarray | None) -> Float[Tensor, "3 size size"]:
    """A square of `size` out of the picture scaled to `render_size`: its middle, or at a place from [0, 1)^2."""
    size, whole = config.size, config.render_size
    image = scaled_whole(image, config)
    spare = whole - size
    top, left = (spare // 2, spare // 2) if place is None else (place * spare).astype(int).tolist()
    return image[:, top : top + size, left : left + size]


def scaled_whole(
    image: Float[Tensor, "channel height width"], config: ViewsConfig
) -> Float[Tensor, "channel whole whole"]:
    """A picture, or its mask, of `render_size`."""
    whole = config.render_size
    if image.shape[1:] == (whole, whole):
        return image
    scaled: Tensor = interpolate(image[None], (whole, whole), mode="bilinear", antialias=True)[0]
    return scaled.clamp(0, 1)


def _shifted_box(mask: Float[Tensor, "1 height width"], shift: np.ndarray) -> Float[Tensor, "1 height width"]:
    """1 in the box around an object, moved by so much of its longer side, as far as the picture goes."""
    low, high = torch.tensor(object_box(mask)).view(2, 2).unbind(1)
    moved = torch.from_numpy(np.round(shift * float((high - low).max()))).long()
    moved = torch.maximum(torch.minimum(moved, torch.tensor(mask.shape[1:]) - high), -low)
    box = torch.zeros_like(mask)
    (top, left), (bottom, right) = (low + moved).tolist(), (high + moved).tolist()
    box[:, top:bottom, left:right] = 1
    return box


def _jittered(image: Image, strength: float, numbers: np.ndarray) -> Image:
    if strength == 0:
        return image
    matrix, offset = jitter.jitter_matrices(numbers[None], strength)
    moved = torch.einsum("ij,jhw->ihw", torch.from_numpy(matrix[0]).float(), image)
    return (moved + torch.from_numpy(offset[0]).float()[:, None, None]).clamp(0, 1)


def _noisy(image: Image, deviation: float, randoms: torch.Generator) -> Image:
    if deviation == 0:
        return image
    return (image + deviation * torch.randn(image.shape, generator=randoms)).clamp(0, 1)
