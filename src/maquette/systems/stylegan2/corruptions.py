"""Changes of frequencies, noise and rectangles that are cut out (Karras et al., NeurIPS 2020, B.2)."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import conv1d, conv2d, pad

from .changes import Changes

SYM2 = (-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025)
BANDS = 4
_POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)  # expected of the bands of a picture, whose sum is kept
_NOISE, _CUTOUT = 0.1, 0.5


def filter_bank(like: Tensor) -> Float[Tensor, "band tap"]:
    """Four filters for bands of frequencies, low first, each an octave; they add up to leaving a picture as it is.

    Args:
        like: whose device and type they get.
    """
    low = torch.tensor(SYM2, dtype=torch.float64)
    high = low * torch.tensor([1.0, -1.0, 1.0, -1.0], dtype=torch.float64)
    low2, high2 = (_convolved(line[None], line.flip(0))[0] / 2 for line in (low, high))
    bank = torch.eye(BANDS, 1, dtype=torch.float64)
    for band in range(1, BANDS):
        spread = torch.stack([bank, torch.zeros_like(bank)], 2).flatten(1)[:, :-1]
        bank = _convolved(spread, low2)
        middle, half = bank.shape[1] // 2, len(high2) // 2
        bank[band, middle - half : middle + half + 1] += high2
    return bank.to(like.device, like.dtype)


def band_gains(changes: Changes, count: int, device: torch.device) -> Float[Tensor, "batch band"]:
    """Factor of each band of frequencies; what is added to one is taken from the others.

    Args:
        changes: of a batch.
        count: pictures.
        device: of the result.
    """
    gains = torch.ones(count, BANDS, device=device)
    power = torch.tensor(_POWER, device=device)
    for band in range(BANDS):
        change = changes.get(f"band{band}")
        if change is None:
            continue
        own = torch.ones(count, BANDS, device=device)
        own[:, band] = torch.where(change.on, torch.exp2(change.value[:, 0]), own[:, band])
        gains = gains * own / (power * own.square()).sum(1, keepdim=True).sqrt()
    return gains


def filtered(
    images: Float[Tensor, "batch channel height width"], gains: Float[Tensor, "batch band"]
) -> Float[Tensor, "batch channel height width"]:
    """Pictures with changed bands of frequencies, mirrored at their edges."""
    batch, channels, height, width = images.shape
    taps = (gains @ filter_bank(images)).repeat_interleave(channels, 0)
    border = taps.shape[1] // 2
    wide = pad(images, [border] * 4, mode="reflect")
    lines = wide.reshape(1, batch * channels, height + 2 * border, width + 2 * border)
    lines = conv2d(lines, taps[:, None, None], groups=batch * channels)
    return conv2d(lines, taps[:, None, :, None], groups=batch * channels).view_as(images)


def noised(
    images: Float[Tensor, "batch channel height width"],
    changes: Changes,
    noise: Float[Tensor, "batch channel height width"],
) -> Float[Tensor, "batch channel height width"]:
    """Pictures with noise of their own strength; `noise` has deviation 1."""
    value, on = changes["noise"]
    sigma = value[:, 0].abs() * _NOISE * on
    return images + noise * sigma[:, None, None, None]


def cut_out(
    images: Float[Tensor, "batch channel height width"], changes: Changes
) -> Float[Tensor, "batch channel height width"]:
    """Pictures in which a rectangle of half their sides is 0; it may lie partly beyond the edge."""
    value, on = changes["cutout"]
    inside = on[:, None, None]
    for axis, size in ((0, images.shape[3]), (1, images.shape[2])):
        places = (torch.arange(size, device=images.device) + 0.5) / size
        near = (places - value[:, axis, None]).abs() < _CUTOUT / 2
        inside = inside & (near[:, None, :] if axis == 0 else near[:, :, None])
    return images * ~inside[:, None]


def _convolved(lines: Float[Tensor, "line _sample"], taps: Float[Tensor, " tap"]) -> Tensor:
    """Every line convolved with taps, as long as anything is covered."""
    return conv1d(lines[:, None], taps.flip(0)[None, None], padding=len(taps) - 1)[:, 0]
