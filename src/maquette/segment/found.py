"""`find_object`: the mask of the object that a picture is about, by the surest way the picture allows."""

from dataclasses import dataclass, replace
from typing import Any, Literal

import cv2
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..structures.mask_box import mask_overlap
from .grabcut import grabcut_mask, without_bars
from .head import find_head, head_mask
from .network_mask import network_masks, shipped_mask_net
from .outline import outline_contrast
from .pieces import large_pieces
from .plain import plain_mask, plain_steadiness
from .rembg_mask import rembg_mask
from .seeded import OBJECT
from .sharpened import sharpened

Way = Literal["plain", "network", "grabcut", "deeplab", "rembg"]
How = Literal["given", "alpha", "space"] | Way
AUTO: tuple[Way, ...] = (
    "plain",
    "network",
    "grabcut",
)  # in this order the first that finds an object surely counts
WAYS: tuple[Way, ...] = (*AUTO, "deeplab", "rembg")
_LARGEST = {"plain": 512, "network": 192, "grabcut": 192}  # longest side in pixels at which each way works
_TRUST = {"plain": 1.0, "network": 1.0, "grabcut": 0.7}
_CLEAR = 0.15  # difference of colours across the outline that counts as clear
_MARGIN = 0.104  # share of each side cut off, both ends, before a mask is found again
_STEADY = 192  # longest side in pixels at which a plain background is judged again
_AGAIN = 96  # longest side in pixels at which it is
_STRICT = 3  # power of how much of a mask is found again; with it `UNSURE` divides right ones from wrong ones
_SOLID, _PIECE = 0.5, 0.15  # probability of the object; of the largest piece, for another one to belong to it
_CORE, _RIM = 0.8, 0.2  # probabilities of what surely, and of what perhaps belongs to the object
_VAGUE = 0.7  # share of the second that the first has in a mask of no worth; `UNSURE` depends on it
_LEAST = {"grabcut": 0.3}  # confidence below which another way's unsure mask is the better one
_ABOUT = 0.2  # mean probability of the object on a face that a picture is about, where colours tell nothing
_SURELY_ABOUT = 0.7  # the same, whatever colours tell
UNSURE = 0.3  # confidence below which a mask is doubtful
_SMALLEST = 2e-4  # share of the picture that an object covers at least
_LARGEST_SHARE = 0.98  # above it nothing was told apart from a background


@dataclass(frozen=True)
class Found:
    """The object in a picture.

    Attributes:
        mask: 1 on the object; soft along its outline.
        how: what the mask was taken from; "given" for one that somebody gave, "alpha" for the picture's transparency,
            "space" for one that was told by what the other pictures show.
        confidence: in [0, 1]; how clearly the object stands out, how little of it touches the picture's edge, and
            whether the same is found again: by GrabCut in the middle of the picture, before a plain background with
            another tolerance. Of a network: how far what is surely the object exceeds .7 of what perhaps is; where it
            was cut along the picture's colours (`sharpened`), how clearly the cut stands out, how little of it
            touches the edge, and how far two cuts agree; of a head (`head`), how sure its face is, and how far
            its cut goes with what is expected. Where the first mask was a doubtful one before a plain
            background, it is less the less they agree. In
            space: its IoU with the outline of the shape that all masks allow.
        repaired: whether it took the place of one that did not go with the other pictures (`consistent`).
    """

    mask: Float[Tensor, "1 height width"]
    how: How
    confidence: float
    repaired: bool = False

    def as_dict(self) -> dict[str, Any]:
        """How it came about, as JSON can hold it."""
        return {"by": self.how, "confidence": round(self.confidence, 4), "repaired": self.repaired}


def find_object(
    image: Float[Tensor, "3 height width"], by: Way | None = None, kind: str | None = None
) -> Found | None:
    """Find the object in a picture without transparency.

    By a plain background; where that is unsure, by the network that ships if this is surer; where that is unsure,
    too, by GrabCut, if this is sure.
    Deterministic. The work is done on a bounded number of pixels, so that its time is bounded.

    Args:
        image: colours in [0, 1].
        by: one of `WAYS` alone.
        kind: of object that "deeplab" looks for (`deeplab.KINDS`).

    Returns:
        What was found; None when the picture is of one colour, or shows no object.

    Raises:
        BadInput: weights that cannot be had ("deeplab").
        ImportError: a package that is not installed ("rembg").
    """
    if by is not None:
        return _found(image, by, kind)
    plain = found = _found(image, "plain")
    if found is not None and found.confidence >= UNSURE:
        return found
    for way in AUTO[1:]:
        other = _found(image, way)
        if other is not None and (
            found is None or other.confidence > max(found.confidence, _LEAST.get(way, 0))
        ):
            found = other
        if found is not None and found.confidence >= UNSURE:
            break
    if plain is None or found is None or found is plain:
        return found
    return replace(
        found, confidence=found.confidence * mask_overlap(plain.mask > 0.5, found.mask > 0.5) ** _STRICT
    )


def _found(image: Tensor, way: Way, kind: str | None = None) -> Found | None:
    found = _by_colours(image, way) if way in ("plain", "grabcut") else _by_network(image, way, kind)
    if found is None or not _SMALLEST <= float((found.mask > 0.5).float().mean()) <= _LARGEST_SHARE:
        return None
    return found


def _by_colours(image: Tensor, way: Way) -> Found | None:
    pixels = _shrink(image.detach().cpu().permute(1, 2, 0).numpy(), _LARGEST[way])
    mask = plain_mask(pixels) if way == "plain" else grabcut_mask(pixels)
    if mask is None:
        return None
    if way == "grabcut":
        sure = (_within(mask) * _agreement(pixels, mask)) ** _STRICT
    else:
        sure = _within(mask) * plain_steadiness(_shrink(pixels, _STEADY)) ** _STRICT
    return Found(_enlarge(mask, image), way, _clear(pixels, mask, way) * sure)


def _clear(pixels: np.ndarray, mask: np.ndarray, way: Way) -> float:
    return _TRUST[way] * min(1.0, outline_contrast(pixels, mask) / _CLEAR)


def _within(mask: np.ndarray) -> float:
    """Share of the picture's edge that a mask leaves free."""
    return float(1 - np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).mean())


def _by_network(image: Tensor, way: Way, kind: str | None) -> Found | None:
    told: Tensor | None
    if bool((image == image[:, :1, :1]).all()):
        return None
    if way == "network":
        told = _without_bars(image)
        pixels = _shrink(image.detach().cpu().permute(1, 2, 0).numpy(), _LARGEST["network"])
        seen = _resized(told[0].cpu().numpy(), pixels.shape[1::-1])
        head = find_head(pixels)
        about = 0.0 if head is None else float(seen[head.labels == OBJECT].mean())
        cut = None if about >= _SURELY_ABOUT else _sharpened(image, pixels, seen)
        if cut is not None:
            return cut
        if head is not None and about >= _ABOUT and (mask := head_mask(pixels, head)) is not None:
            return Found(_enlarge(mask[0], image), "network", head.score * mask[1] ** _STRICT)
    elif way == "deeplab":
        from .deeplab import deeplab_mask  # with torchvision's table of weights

        told = deeplab_mask(image, kind)
    elif way == "rembg":
        told = rembg_mask(image)
    else:
        raise ValueError(f"{way} is no network")
    kept = None if told is None else large_pieces(told[0].cpu().numpy() > _SOLID, _PIECE)
    if told is None or kept is None or not bool((told > _CORE).any()):
        return None
    near = torch.from_numpy(kept)[None].to(image.device) | (told <= _SOLID).to(image.device)
    told = told.to(image.device) * near
    share = float((told > _CORE).sum() / (told > _RIM).sum())
    return Found(told, way, max(0.0, (share - _VAGUE) / (1 - _VAGUE)))


def _sharpened(image: Tensor, pixels: np.ndarray, told: np.ndarray) -> Found | None:
    """The network's mask, cut along the picture's own colours where these tell the object surely.

    Not before a plain background, where colours have been asked already: the network is wanted where the object's are
    nearly those of the background.
    """
    if plain_mask(pixels) is not None:
        return None
    found = sharpened(pixels, told)
    kept = None if found is None else large_pieces(found[0], _PIECE)
    if found is None or kept is None:
        return None
    sure = _within(kept) * found[1] ** _STRICT
    return Found(_enlarge(kept, image), "network", _clear(pixels, kept, "network") * sure)


def _without_bars(image: Tensor) -> Tensor:
    """The network's mask of a picture, of which bars beside the photograph are no part."""
    top, bottom, left, right = without_bars(image.detach().cpu().permute(1, 2, 0).numpy())
    told = torch.zeros_like(image[:1])
    inner = image[None, :, top:bottom, left:right]
    told[:, top:bottom, left:right] = network_masks(shipped_mask_net(), inner)[0].to(image.device)
    return told


def _agreement(pixels: np.ndarray, mask: np.ndarray) -> float:
    """IoU of a mask with what GrabCut finds in the middle of the picture, at half the size and a fifth of the cost.

    There the border has other colours: a mask that hangs on them, not on the object, changes.
    """
    rows, columns = (round(_MARGIN * side) for side in mask.shape)
    middle = slice(rows, mask.shape[0] - rows), slice(columns, mask.shape[1] - columns)
    again, ours = grabcut_mask(_shrink(pixels[middle], _AGAIN)), mask[middle]
    if again is None:
        return 0.0
    again = cv2.resize(again.astype(np.float32), ours.shape[::-1]) > 0.5
    return float((again & ours).sum() / (again | ours).sum())


def _shrink(pixels: np.ndarray, largest: int) -> np.ndarray:
    """The picture with its longer side of at most `largest` pixels."""
    height, width = pixels.shape[:2]
    scale = largest / max(height, width)
    if scale >= 1:
        return np.ascontiguousarray(pixels)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


def _resized(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    return np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_AREA))


def _enlarge(mask: np.ndarray, image: Tensor) -> Float[Tensor, "1 height width"]:
    height, width = image.shape[1:]
    full = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(np.asarray(full, np.float32))[None].to(image.device)
