"""Pictures of what may stand before an object: other objects, rectangles, patches of photographs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import avg_pool2d, interpolate

from ..kernels.draw import Scene, draw
from . import families
from .pack import pack_shapes
from .pack_scene import scene_of
from .picture_specs import OBJECT_DRAWS, VIEW_DRAWS, training_specs
from .views_config import OccluderKind, ViewsConfig

SIDE = 96
COUNT = 64  # of a kind
_DRAWN = 2  # objects drawn for one that is taken
_CORE = 39  # pixels of a window that tells where an object is most solid
_FAMILIES, _SIDE_OF_VOXELS = 39, 8
_CELLS = 12  # of a texture, across a rectangle
_Pictures = Float[Tensor, "occluder side side 4"]


@dataclass(frozen=True, eq=False)
class Occluders:
    """Pictures to put before objects, `COUNT` of each kind, one kind behind the other.

    Attributes:
        pictures: RGBA in [0, 1], colours multiplied by alpha.
        cores: place in [-1, 1]^2, to the right and down, around which each is most solid.
        erases: whether the background is put there, as a mask of what can be seen leaves it.
        upright: whether it stands, and is turned a little only.
    """

    pictures: _Pictures
    cores: Float[Tensor, "occluder 2"]
    erases: Bool[Tensor, " occluder"]
    upright: Bool[Tensor, " occluder"]

    def to(self, device: torch.device) -> "Occluders":
        """The same on another device."""
        return Occluders(*(getattr(self, field.name).to(device) for field in fields(self)))


def occluders_of(
    scene: Scene, shapes: Sequence[int], config: ViewsConfig, rng: np.random.Generator
) -> Occluders:
    """Occluders of all of the settings' kinds.

    Args:
        scene: of shapes, and of photographs where patches of these are asked for.
        shapes: which of them may stand before others.
        config: `occluders`, and how objects are drawn.
        rng: draws them.
    """
    make: dict[str, Callable[[], _Pictures]] = {
        "pieces": lambda: piece_pictures(scene, shapes, config, rng),
        "erased": lambda: piece_pictures(scene, shapes, config, rng),
        "boxes": lambda: box_pictures(rng),
        "photos": lambda: photo_pictures(scene.photos, rng),
    }
    made = [make[kind]() for kind in config.occluders]
    pictures = torch.cat(made).cpu()
    names = np.repeat(config.occluders, COUNT)
    cores, _ = _cores(pictures)
    erases, upright = torch.from_numpy(names == "erased"), np.isin(names, ("pieces", "erased"))
    return Occluders(pictures, cores, erases, torch.from_numpy(upright)).to(scene.device)


@cache
def held_occluders(kind: OccluderKind) -> Occluders:
    """Shapes of the families for held pictures, the same whatever the data are; `kind` as `ViewsConfig` has it."""
    pack = pack_shapes(families.shapes(_FAMILIES), side=_SIDE_OF_VOXELS)
    config = ViewsConfig(occluders=(kind,))
    return occluders_of(
        scene_of(pack), range(len(pack)), config, np.random.Generator(np.random.Philox(key=0))
    )


def piece_pictures(
    scene: Scene, shapes: Sequence[int], config: ViewsConfig, rng: np.random.Generator, side: int = SIDE
) -> _Pictures:
    """Objects in the settings' cameras, colours and lights; of twice as many those that are most solid."""
    count = _DRAWN * COUNT
    chosen = rng.choice(np.asarray(shapes), count)
    plain = ViewsConfig(
        size=side,
        framing="object",
        margin=(0.0, 0.0),
        plain=(0.0, 0.0),  # so that colours come multiplied by alpha
        azimuth=config.azimuth,
        elevation=config.elevation,
        ratio=config.ratio,
        colours=config.colours,
        texture=config.texture,
        lights=config.lights,
    )
    specs, _ = training_specs(
        chosen, rng.random((count, OBJECT_DRAWS)), rng.random((count, VIEW_DRAWS)), plain, scene
    )
    images, alpha, _ = draw(scene, specs, side)
    pictures = torch.cat([images.permute(0, 2, 3, 1), alpha[..., None]], dim=3)
    _, solid = _cores(pictures)
    return pictures[solid.argsort(descending=True, stable=True)[:COUNT]]


def box_pictures(rng: np.random.Generator) -> _Pictures:
    """Squares of one colour, or with stripes, a checker board or clouds of another one."""
    first, second = (torch.from_numpy(rng.random((COUNT, 3, 1, 1))).float() for _ in range(2))
    cells = torch.arange(SIDE) * _CELLS // SIDE % 2
    clouds = torch.from_numpy(rng.random((COUNT, 1, _CELLS, _CELLS))).float()
    shares = torch.stack(
        [
            torch.zeros(SIDE, SIDE),
            cells.expand(SIDE, SIDE).float(),
            (cells ^ cells[:, None]).float(),
        ]
    )[torch.from_numpy(rng.integers(3, size=COUNT))][:, None]
    clouded = interpolate(clouds, (SIDE, SIDE), mode="bicubic", align_corners=True).clamp(0, 1)
    shares = torch.where(torch.from_numpy(rng.random((COUNT, 1, 1, 1)) < 1 / 4), clouded, shares)
    return _opaque(first + shares * (second - first))


def photo_pictures(photos: Tensor, rng: np.random.Generator) -> _Pictures:
    """Square patches of photographs (K, H, W, 3) uint8, a quarter to a whole of each one's side."""
    side = photos.shape[1]
    patches = []
    for k, share, x, y in zip(rng.integers(len(photos), size=COUNT), *rng.random((3, COUNT)), strict=True):
        width = max(1, round(side * (1 + 3 * share) / 4))
        left, top = (round(place * (side - width)) for place in (x, y))
        patch = (
            photos[int(k), top : top + width, left : left + width].permute(2, 0, 1)[None].float().cpu() / 255
        )
        patches.append(interpolate(patch, (SIDE, SIDE), mode="bilinear", antialias=True).clamp(0, 1))
    return _opaque(torch.cat(patches))


def _opaque(colours: Float[Tensor, "occluder 3 side side"]) -> _Pictures:
    return torch.cat([colours, torch.ones_like(colours[:, :1])], dim=1).permute(0, 2, 3, 1)


def _cores(pictures: _Pictures) -> tuple[Float[Tensor, "occluder 2"], Float[Tensor, " occluder"]]:
    """Places around which pictures are most solid, and how much of a window there is."""
    windows = avg_pool2d(pictures[..., 3].cpu()[:, None], _CORE, stride=1)
    solid, place = windows.flatten(1).max(1)
    across = windows.shape[-1]
    pixels = torch.stack([place % across, place // across], dim=1) + _CORE / 2
    return 2 * pixels / SIDE - 1, solid
