"""Hiding a wanted share of an object: how large what stands before it has to be, and where the picture then ends.

A small picture of the object tells which of its pixels an occluder covers; the occluder grows about a point of the
object's box until the wanted share of them is covered, which is found by bisection.
"""

from dataclasses import dataclass, fields, replace
from typing import Literal

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import grid_sample

from ..kernels.draw import Covers, PictureSpecs, Scene, draw, projected_boxes
from .cut_off import edges, moved, within
from .framing import reframed
from .occluders import Occluders
from .views_config import ViewsConfig

DRAWS = 11
MOST_HIDDEN, MOST_CUT = 0.8, 0.3
COARSE = 24  # pixels a side of the small pictures of training
_STEPS = 10
_SMALLEST, _LARGEST = 0.02, 16.0  # half the side of an occluder, in halves of the object's longer side
_TURN, _LITTLE = np.pi, np.pi / 12
_SEEN = 0.2  # of a small pixel


@dataclass(frozen=True, eq=False)
class Hiding:
    """How objects in P pictures are to be hidden.

    Attributes:
        share: wanted of the object's visible pixels; 0 for no occluder.
        which: of the occluders.
        place: where in the object's box the occluder grows from, in [0, 1]^2.
        turn: of the occluder in radians.
        tall: its height for a width of 1.
        flip: 1 or -1, which mirrors it.
        cut: share of the object's pixels beyond the picture's edge.
        edge: left, right, top or bottom (0 to 3).
    """

    share: Float[np.ndarray, " picture"]
    which: Int[np.ndarray, " picture"]
    place: Float[np.ndarray, "picture 2"]
    turn: Float[np.ndarray, " picture"]
    tall: Float[np.ndarray, " picture"]
    flip: Float[np.ndarray, " picture"]
    cut: Float[np.ndarray, " picture"]
    edge: Int[np.ndarray, " picture"]


def drawn_hiding(
    numbers: Float[np.ndarray, "picture draws"], occluders: Occluders, config: ViewsConfig
) -> Hiding:
    """As the settings want it.

    Args:
        numbers: in [0, 1), `DRAWS` a picture.
        occluders: of the settings.
        config: the settings.
    """
    low, high = config.occluded
    share = np.where(numbers[:, 0] < config.occlusion, low + (high - low) * numbers[:, 1], 0)
    cut = np.where(numbers[:, 8] < config.cut_off, MOST_CUT * numbers[:, 9], 0)
    return replace(held_hiding(numbers, occluders, 0.0), share=share, cut=cut)


def held_hiding(numbers: Float[np.ndarray, "picture draws"], occluders: Occluders, share: float) -> Hiding:
    """The same share of every object, and none cut off: of larger shares the same occluder is larger."""
    which = (numbers[:, 2] * len(occluders.pictures)).astype(int)
    upright = occluders.upright.cpu().numpy()[which]
    sides = 2 * numbers[:, 3:5] - 1
    none = np.zeros(len(numbers))
    return Hiding(
        share=none + share,
        which=which,
        place=0.5 + 0.5 * np.sign(sides) * np.sqrt(np.abs(sides)),  # more often at the rim
        turn=(2 * numbers[:, 5] - 1) * np.where(upright, _LITTLE, _TURN),
        tall=np.where(upright, 1.0, 0.4 + 0.6 * numbers[:, 6]),
        flip=np.where(numbers[:, 7] < 0.5, 1.0, -1.0),
        cut=none,
        edge=(numbers[:, 10] * 4).astype(int),
    )


@dataclass(frozen=True, eq=False)
class Hidden:
    """Pictures whose objects are partly hidden.

    Attributes:
        specs: how they are taken.
        covers: what hides the objects.
        share: hidden of each object's visible pixels, what is cut off too.
    """

    specs: PictureSpecs
    covers: Covers
    share: Float[Tensor, " picture"]


def hide(
    scene: Scene,
    specs: PictureSpecs,
    size: int,
    framing: Literal["camera", "object"],
    occluders: Occluders,
    hiding: Hiding,
    coarse: int = COARSE,
) -> Hidden:
    """Put occluders before objects, and cut objects off at the picture's edge.

    With framing "object" the square is that around what can still be seen, as a mask of it gives, and beyond the edge
    there is background; with "camera" the picture is moved until its edge cuts the object.

    Args:
        scene: the shapes.
        specs: how the pictures are taken where nothing is hidden.
        size: pixels a side.
        framing: of the pictures.
        occluders: that may be taken.
        hiding: how much is to be hidden, and by what.
        coarse: pixels a side of the pictures in which shares are measured; more are slower and more exact.
    """
    rows = np.flatnonzero((hiding.share > 0) | (hiding.cut > 0))
    window, share = specs.window.clone(), torch.zeros_like(specs.distance)
    covers = _nothing(len(specs), occluders, scene.device)
    if len(rows):
        here = torch.from_numpy(rows).to(scene.device)
        few = Hiding(*(getattr(hiding, field.name)[rows] for field in fields(hiding)))
        found = _hide(scene, specs[here], size, framing, occluders, few, min(size, coarse))
        window[here], share[here] = found.specs.window, found.share
        for field in fields(covers)[1:]:
            getattr(covers, field.name)[here] = getattr(found.covers, field.name)
    return Hidden(replace(specs, window=window), covers, share)


def _nothing(count: int, occluders: Occluders, device: torch.device) -> Covers:
    """Covers that hide nothing."""
    none = torch.full((count,), -1, dtype=torch.int32, device=device)
    beyond = torch.tensor([0.0, 0.0, 9.0], device=device)
    return Covers(occluders.pictures, none, beyond.repeat(count, 2, 1), none.clone(), beyond.repeat(count, 1))


def _hide(
    scene: Scene,
    specs: PictureSpecs,
    size: int,
    framing: str,
    occluders: Occluders,
    hiding: Hiding,
    coarse: int,
) -> Hidden:
    boxes = projected_boxes(scene, specs)
    object_ = _small(scene, specs, size, coarse)
    pixels = _middles(coarse, size, scene.device)
    edge = edges(object_, hiding.cut, hiding.edge, size)
    whole = object_ * within(edge, pixels, size / coarse)
    placed = _Placed.of(boxes, pixels, occluders, hiding)
    scale = _scales(whole, placed, _tensor(hiding.share, whole))
    seen = whole * (1 - placed.alpha(scale))
    window = specs.window
    if framing == "object":
        visible = _visible(seen, object_, boxes, size)
        same = (visible == boxes).flatten(1).all(1)[:, None]
        window = torch.where(same, window, reframed(window, boxes, visible))
        edge = (
            _through(edge[:, None], window, specs.window)[:, 0] * (window[:, 1] / specs.window[:, 1])[:, None]
        )
    else:
        window, edge = (
            moved(window, edge, hiding.cut, size),
            _nothing(len(specs), occluders, scene.device).edge,
        )
    places = _through(placed.places(scale), window, specs.window)
    covers = Covers(
        occluders.pictures, placed.which.int(), places, occluders.erases[placed.which].int(), edge
    )
    total, left = (part.double().sum((1, 2)) for part in (object_, seen))
    return Hidden(
        replace(specs, window=window), covers, (1 - left / total.clamp_min(1e-9)).clamp(0, 1).float()
    )


@dataclass(frozen=True, eq=False)
class _Placed:
    """Occluders about points of pictures; only their sizes are open.

    Attributes:
        which: of the occluders.
        solid: alpha of their pictures.
        cores: places in these that stay where they are.
        turn: (column, row, 1) of a pixel to the way from there, for a size of 1.
        ways: of the small pictures' pixels.
    """

    which: Int[Tensor, " picture"]
    solid: Float[Tensor, "picture 1 side side"]
    cores: Float[Tensor, "picture 2"]
    turn: Float[Tensor, "picture 2 3"]
    ways: Float[Tensor, "picture row column 2"]

    @classmethod
    def of(
        cls,
        boxes: Float[Tensor, "picture 2 2"],
        pixels: Float[Tensor, "row column 2"],
        occluders: Occluders,
        hiding: Hiding,
    ) -> "_Placed":
        which = torch.from_numpy(hiding.which).to(boxes.device)
        low, high = boxes.unbind(1)
        half = (high - low).amax(1).clamp_min(1e-6) / 2
        cos, sin = np.cos(hiding.turn), np.sin(hiding.turn)
        turned = np.stack(
            [cos * hiding.flip, sin * hiding.flip, -sin / hiding.tall, cos / hiding.tall], axis=1
        )
        turn = _tensor(turned.reshape(-1, 2, 2), boxes) / half[:, None, None]
        middle = low + _tensor(hiding.place, boxes) * (high - low)
        turn = torch.cat([turn, -(turn * middle[:, None]).sum(2, keepdim=True)], dim=2)
        x, y = pixels.unbind(-1)
        first, second, shift = (turn[:, None, None, :, k] for k in range(3))
        ways = first * x[..., None] + second * y[..., None] + shift
        return cls(which, occluders.pictures[..., 3][which][:, None], occluders.cores[which], turn, ways)

    def alpha(self, scale: Float[Tensor, " picture"]) -> Float[Tensor, "picture row column"]:
        """How much of each small pixel occluders of these sizes cover; of size 0 nothing."""
        places = self.ways / scale.clamp_min(_SMALLEST)[:, None, None, None] + self.cores[:, None, None]
        return grid_sample(self.solid, places, align_corners=False)[:, 0] * (scale > 0)[:, None, None]

    def places(self, scale: Float[Tensor, " picture"]) -> Float[Tensor, "picture 2 3"]:
        """(column, row, 1) of a pixel to the place in the occluder's picture; of size 0 beyond it."""
        places = self.turn / scale.clamp_min(_SMALLEST)[:, None, None]
        places[:, :, 2] += torch.where((scale > 0)[:, None], self.cores, 9.0)
        return torch.where((scale > 0)[:, None, None], places, places.new_tensor([0.0, 0.0, 9.0]))


def _scales(
    object_: Float[Tensor, "picture row column"], placed: _Placed, share: Float[Tensor, " picture"]
) -> Float[Tensor, " picture"]:
    """Sizes at which occluders cover a share of objects; 0 where none is wanted."""
    wanted = share.double() * object_.double().sum((1, 2))
    low, high = torch.full_like(share, _SMALLEST), torch.full_like(share, _LARGEST)
    for _ in range(_STEPS):
        middle = (low * high).sqrt()
        enough = (object_ * placed.alpha(middle)).sum((1, 2), dtype=torch.float64) >= wanted
        low, high = torch.where(enough, low, middle), torch.where(enough, middle, high)
    return torch.where(share > 0, high, 0.0)


def _small(scene: Scene, specs: PictureSpecs, size: int, coarse: int) -> Float[Tensor, "picture row column"]:
    """How much of each of fewer pixels shows the object."""
    none = torch.zeros_like(specs.noise)
    quick = replace(specs, window=specs.window * (coarse / size), kind=none.int(), noise=none, texture=none)
    return draw(scene, quick, coarse)[1]


def _visible(
    seen: Float[Tensor, "picture row column"],
    object_: Float[Tensor, "picture row column"],
    boxes: Float[Tensor, "picture 2 2"],
    size: int,
) -> Float[Tensor, "picture 2 2"]:
    """The box around what can be seen; the object's where nothing can, and on the sides where nothing is hidden."""
    step = size / seen.shape[-1]
    sides = []
    for axis in (0, 1):
        (first, last), (start, end) = (_ends((part > _SEEN).any(1 + axis)) for part in (seen, object_))
        low, high = boxes[:, :, axis].unbind(1)
        low = torch.where(first == start, low, torch.maximum(first * step, low))
        high = torch.where(last == end, high, torch.minimum(last * step, high))
        sides.append(torch.stack([low, high], dim=1))
    visible = torch.stack(sides, dim=2)
    empty = (visible[:, 1] <= visible[:, 0]).any(1)
    return torch.where(empty[:, None, None], boxes, visible)


def _ends(lines: Bool[Tensor, "picture line"]) -> tuple[Tensor, Tensor]:
    """First line of those that are set, and the one behind the last."""
    numbers = torch.arange(lines.shape[1], device=lines.device)
    first = torch.where(lines, numbers, lines.shape[1]).amin(1)
    last = torch.where(lines, numbers + 1, 0).amax(1)
    return first.float(), last.float()


def _through(
    rows: Float[Tensor, "picture row 3"], window: Float[Tensor, "picture 4"], old: Float[Tensor, "picture 4"]
) -> Float[Tensor, "picture row 3"]:
    """Rows that are multiplied by (column, row, 1) of pictures with one window, for those with another one."""
    factor = old[:, None, :2] / window[:, None, :2]
    shift = old[:, None, 2:] - factor * window[:, None, 2:]
    last = rows[..., 2] + rows[..., 0] * shift[..., 0] + rows[..., 1] * shift[..., 1]
    return torch.cat([rows[..., :2] * factor, last[..., None]], dim=2)


def _middles(pixels: int, size: int, device: torch.device) -> Float[Tensor, "row column 2"]:
    """Middles of so many pixels a side, columns and rows in units of those of which there are `size`."""
    places = (torch.arange(pixels, device=device) + 0.5) * (size / pixels)
    y, x = torch.meshgrid(places, places, indexing="ij")
    return torch.stack([x, y], dim=-1)


def _tensor(array: np.ndarray, like: Tensor) -> Tensor:
    return torch.from_numpy(array).to(like)
