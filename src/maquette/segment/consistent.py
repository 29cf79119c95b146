"""Masks of several pictures of one object: one that does not go with the others is found again in other ways."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import cv2
import numpy as np
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from .found import AUTO, Found, Way, find_object

_BINS, _SIDE = 8, 192
_FEWEST = 3  # pictures that tell what is usual
_LARGER = 4.0  # times the usual share of the picture, or a part as small, that is not believed
_LIKE = 0.45  # overlap of colours with those of the other masks below which a mask is not believed

Histogram = np.ndarray


def consistent(
    images: Sequence[Float[Tensor, "3 _h _w"]],
    found: Sequence[Found],
    find: Callable[[Tensor, Way], Found | None] = find_object,
) -> tuple[Found, ...]:
    """The same masks, but that one whose size or colours are not those of the others gives way to a better one.

    What is usual are the medians of the other masks' shares of their pictures and, bin by bin, of their histograms of
    colours. A mask beyond a quarter or four times the size, or whose colours overlap by less than .45, is compared
    with those that each other way finds; the one that goes best with the others is taken. Given masks and those of
    transparency stay.

    Args:
        images: of one object, RGB in [0, 1]; fewer than three are left alone.
        found: the masks.
        find: finds an object by a named way.
    """
    if len(images) < _FEWEST:
        return tuple(found)
    small = [_shrunk(image) for image in images]
    colours = [_histogram(picture, _fitted(one, picture)) for picture, one in zip(small, found, strict=True)]
    shares = np.array([float(one.mask.mean()) for one in found])
    made = []
    for i, (image, one) in enumerate(zip(images, found, strict=True)):
        others = [k for k in range(len(found)) if k != i]
        usual = np.median([colours[k] for k in others], axis=0)
        share = float(np.median(shares[others]))
        likeness = _likeness(small[i], one, usual, share)
        if one.how not in ("given", "alpha") and likeness < _LIKE:
            again = [other for way in AUTO if way != one.how and (other := find(image, way)) is not None]
            best = max([one, *again], key=lambda candidate: _likeness(small[i], candidate, usual, share))
            one = best if best is one else replace(best, repaired=True)
        made.append(one)
    return tuple(made)


def _likeness(picture: np.ndarray, found: Found, usual: Histogram, share: float) -> float:
    """Overlap of the colours of a mask with the usual ones; 0 where its size is another one."""
    factor = float(found.mask.mean()) / max(share, 1e-6)
    if not 1 / _LARGER <= factor <= _LARGER:
        return 0.0
    own = _histogram(picture, _fitted(found, picture))
    return float(np.minimum(own, usual / max(usual.sum(), 1e-6)).sum())


def _shrunk(image: Tensor) -> np.ndarray:
    pixels = image.detach().cpu().permute(1, 2, 0).numpy()
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    return cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB)


def _fitted(found: Found, picture: np.ndarray) -> np.ndarray:
    mask = found.mask[0].cpu().numpy()
    return np.asarray(cv2.resize(mask, picture.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5)


def _histogram(picture: np.ndarray, mask: np.ndarray) -> Histogram:
    """Shares of coarse colours (CIE Lab) below a mask; 0 where it is empty."""
    chosen = picture[mask] / (100, 200, 200) + (0, 0.5, 0.5)
    places = tuple((chosen.clip(0, 0.999) * _BINS).astype(int).T)
    bins = np.zeros((_BINS,) * 3)
    np.add.at(bins, places, 1)
    smooth = gaussian_filter(bins, 0.5)
    return np.asarray(smooth / max(smooth.sum(), 1e-6))
