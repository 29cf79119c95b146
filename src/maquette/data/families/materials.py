"""Materials: a kind, and a plausible colour of that kind."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

Colour = tuple[float, float, float]


class Material(NamedTuple):
    """What a part is made of.

    Attributes:
        kind: a word of `KINDS`.
        colour: sRGB in [0, 1].
    """

    kind: str
    colour: Colour


@dataclass(frozen=True)
class _Tones:
    """Colours as 0xRRGGBB, how far brightness varies around them, and how far each channel does."""

    colours: tuple[int, ...]
    brightness: float = 0.15
    channel: float = 0.03


_ANY_PAINT = (
    0xF2F0EA, 0xE8E4D8, 0x2B2B2D, 0x4A4D52, 0x8C9196, 0xB23A32, 0xD9772B, 0xE3B83C, 0x6A8F4E, 0x2F5D50,
    0x3F7CAC, 0x27446B, 0x6D4C7D, 0xC98B9B, 0x7FB3A6, 0xA9C5D6,
)  # fmt: skip
_ANY_CAR_PAINT = (
    0xD8DADC, 0xF0F0EE, 0x1C1E22, 0x55595F, 0x8E9499, 0xA1211E, 0x1F3F77, 0x3A6B9E, 0x2F4A38, 0xC8A33A, 0x7A4A2B,
    0xD36A24,
)  # fmt: skip
_ANY_FABRIC = (
    0xB7AFA3, 0x8D8A86, 0x5B5F66, 0x34383F, 0x7A8B99, 0x4F6A7F, 0x8A9A78, 0xA4694F, 0xC2A24C, 0x8E3B3B, 0xD8D0C2,
    0x6C5B7B, 0x2F4858, 0xB8898B,
)  # fmt: skip
_ANY_WOOD = (
    0xC99A62,
    0xB9813F,
    0xA0693A,
    0x8A5A33,
    0x6B4226,
    0x4B2E1E,
    0xD9B98A,
    0xE3CFA8,
    0x7A3F24,
    0x3A2A22,
)
_TONES = {
    "wood": _Tones(_ANY_WOOD),
    "metal": _Tones((0xB8BABD, 0x8E9296, 0x5C6065, 0x2C2D30, 0xD3D4D6, 0xB08D4F, 0x9A6A4A), 0.1, 0.01),
    "fabric": _Tones(_ANY_FABRIC),
    "leather": _Tones((0x5A3825, 0x2A2322, 0x8B5A34, 0xA5754B, 0xD5C6B0, 0x6E2A22), 0.15, 0.02),
    "plastic": _Tones(_ANY_PAINT, 0.1),
    "paint": _Tones(_ANY_PAINT, 0.1),
    "car_paint": _Tones(_ANY_CAR_PAINT),
    "ceramic": _Tones((0xF3F1EC, 0xE7DFD0, 0x3B4F63, 0x7A9A92, 0xA8432F, 0x2D2D2D, 0xD8A24A, 0x9DB7C9), 0.1),
    "glass": _Tones((0x3E6B4A, 0x5B3A22, 0xA9C7C4, 0x86A9B8, 0x2C3B33, 0xC8D8DA), 0.12, 0.02),
    "window": _Tones((0x2B333B, 0x3C4A55, 0x54636F, 0x1F2428), 0.1, 0.01),
    "rubber": _Tones((0x222223, 0x2E2E30), 0.15, 0.0),
    "linen": _Tones((0xF2EEE6, 0xE9E4DA, 0xDCE3E8, 0xF5F5F3, 0xD9CDBD), 0.05, 0.02),
    "shade": _Tones((0xF4EBD7, 0xEFE3C6, 0xFFFFFF, 0xC9B79A, 0x3A3A3C, 0x7E2F2B, 0x4A6A78, 0xD9B44A), 0.06),
    "stone": _Tones((0xCFCBC4, 0xA7A39C, 0x6E6B67, 0xE6E2DB, 0x3F3E3D), 0.1, 0.01),
}
KINDS = tuple(_TONES)


def material(rng: np.random.Generator, *kinds: str) -> Material:
    """Draw one of the kinds, with equal chance, and a colour of it."""
    kind = kinds[int(rng.integers(len(kinds)))]
    tones = _TONES[kind]
    code = tones.colours[int(rng.integers(len(tones.colours)))]
    bright, *channels = rng.uniform(-1, 1, 4).tolist()
    light = 1 + tones.brightness * bright
    red, green, blue = (
        min(1.0, max(0.0, (code >> shift & 255) / 255 * light + tones.channel * channel))
        for shift, channel in zip((16, 8, 0), channels, strict=True)
    )
    return Material(kind, (red, green, blue))


def like(rng: np.random.Generator, other: Material, amount: float = 0.15) -> Material:
    """The same material, lighter or darker by up to `amount`."""
    factor = 1 + amount * float(rng.uniform(-1, 1))
    red, green, blue = (min(1.0, channel * factor) for channel in other.colour)
    return Material(other.kind, (red, green, blue))
