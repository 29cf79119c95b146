"""`DrawnViews`: batches of pictures that are drawn as they are needed, from a pack of shapes."""

import copy
import hashlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..kernels.draw import PictureSpecs, Scene, draw
from ..kernels.launch import compute_device
from ..structures import Meshes
from ..structures.device import Device
from .batch import Batch, Entry, Truth, part_of
from .mirrored import mirror_shapes
from .occluders import Occluders, held_occluders, occluders_of
from .occlusion import DRAWS, MOST_HIDDEN, Hidden, drawn_hiding, held_hiding, hide
from .pack_data import SIDE, ShapePack
from .pack_scene import scene_of
from .photo_bank import photo_bank
from .picture_specs import OBJECT_DRAWS, VIEW_DRAWS, held_specs, mirrored, training_specs
from .shape_order import ShapeOrder
from .views_config import OccluderKind, ViewsConfig, check_pictures, needs_photos

_STREAM, _OCCLUDERS, _HIDING = 2, 8, 9
_PROVIDED = frozenset({"voxels", "sides", "cameras", "windows", "meshes", "masks", "depth", "occlusion"})


class DrawnViews:
    """A `Source` over a pack, with everything in `ViewsConfig`.

    A training sample is a pure function of (seed, step, place in the batch): neither the number of threads,
    workers or parts nor the batches before it play a part. Every shape of the training split comes once an epoch
    (or its share, with `source_weights`), in an order of the epoch's own. An object has the same colours and
    textures in all of its pictures; camera, light, background, crop, jitter, noise and what hides a part of the
    object are each picture's own.

    Args:
        pack: shapes of all splits.
        config: how pictures are taken.
        seed: of training samples, >= 0.
        truth: what batches say of the objects beside their cameras; all of it costs time or memory.
        side: cells along the edges of the voxels, where the pack has as many.

    Raises:
        ValueError: settings that cannot be drawn.
        BadInput: the folder of photographs has none.
    """

    def __init__(
        self,
        pack: ShapePack,
        config: ViewsConfig,
        seed: int = 0,
        truth: frozenset[str] = frozenset({"voxels", "cameras"}),
        side: int = SIDE,
    ) -> None:
        check_pictures(config)
        if pack.side > side and pack.side % side:
            raise ValueError(f"voxels of {pack.side} cells an edge cannot be brought to {side}")
        if config.stretch > 1 and "voxels" in truth and "sides" not in truth:
            raise ValueError("views.stretch needs a system that knows the sides of its voxels' boxes")
        self.pack, self.config, self.seed, self.side = pack, config, seed, min(side, pack.side)
        self.provides = (truth | {"cameras"}) & _PROVIDED
        photos = None
        if needs_photos(config):
            photos = photo_bank(config.photos or "")
        self._scenes = {torch.device("cpu"): scene_of(pack, photos)}
        self._occluders: dict[tuple[str, torch.device], Occluders] = {}
        self._held_share = 0.0
        self._held_kind: OccluderKind = "pieces"
        self._training = training = [i for i, entry in enumerate(pack.entries) if entry.split == "train"]
        weights = dict(config.source_weights)
        wanted = [weights.get(pack.entries[i].source, 1.0) for i in training] if weights else None
        self._order = ShapeOrder(training, seed, wanted) if training else None

    def only(self, truth: frozenset[str], side: int) -> "DrawnViews":
        """The same pictures, of which no more is said; arguments as above. Shapes are shared."""
        other = copy.copy(self)
        other.provides, other.side = (truth | {"cameras"}) & _PROVIDED, min(side, self.pack.side)
        return other

    def hiding(self, share: float, kind: OccluderKind = "pieces") -> "DrawnViews":
        """The same pictures, but that of every object in held ones this share is hidden by a shape of the families.

        Which one, and from where it grows with the share, follows from a hash of the entry's id.

        Args:
            share: of its visible pixels, in [0, 0.8]; with 0 the pictures are those without occluders.
            kind: "pieces" or "erased" (`ViewsConfig.occluders`).
        """
        if not 0 <= share <= MOST_HIDDEN:
            raise ValueError(f"a share to hide must lie in [0, {MOST_HIDDEN:g}], got {share:g}")
        other = copy.copy(self)
        other._held_share, other._held_kind = share, kind
        return other

    @property
    def entries(self) -> Sequence[Entry]:
        """All shapes of the pack."""
        return self.pack.entries

    def view_count(self, index: int) -> None:
        """Any number of pictures can be drawn of an object."""

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """Augmented pictures of shapes of the training split; arguments as `Source` has them.

        Raises:
            ValueError: no shapes of the training split, or a batch that cannot be cut into such parts.
        """
        if self._order is None:
            raise ValueError("the pack has no shape of the training split")
        places = part_of(count, part)
        index = self._order.at([step * count + place for place in places])
        objects, pictures = zip(*(self._numbers(step, place, views) for place in places), strict=True)
        objects, pictures = np.repeat(objects, views, axis=0), np.concatenate(pictures)
        scene = self._scene_on(device)
        specs, cameras = training_specs(np.repeat(index, views), objects, pictures, self.config, scene)
        hidden = self._hidden(step, places, views, specs, scene)
        batch = self._batch(index, specs, cameras, scene, device, hidden)
        if not self.config.flip_voxels:
            return batch
        flip = mirrored(objects, pictures, self.config)[::views]
        return mirror_shapes(batch, torch.from_numpy(flip.copy()).to(batch.images.device))

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """Pictures without augmentation; the cameras follow from a hash of each entry's id.

        The background is R2N2's 240 / 255, colours are the shape's own, the light comes from above the camera;
        the first k of n views are the pictures of k views.
        """
        pictures = [self._held_numbers(index, views) for index in indices]
        scene = self._scene_on(device)
        specs, cameras = held_specs(np.repeat(indices, views), np.concatenate(pictures), self.config, scene)
        hidden = self._hidden_of_held(indices, views, specs, scene)
        return self._batch(indices, specs, cameras, scene, device, hidden)

    def _numbers(self, step: int, place: int, views: int) -> tuple[np.ndarray, np.ndarray]:
        """The random numbers of an object and of each of its pictures."""
        philox = np.random.Philox(key=[self.seed, _STREAM], counter=[0, 0, place, step])
        rng = np.random.Generator(philox)
        return rng.random(OBJECT_DRAWS), rng.random((views, VIEW_DRAWS))

    def _held_numbers(self, index: int, views: int) -> np.ndarray:
        return self._rng_of(index, slice(16)).random((views, 3))

    def _rng_of(self, index: int, part: slice) -> np.random.Generator:
        """Random numbers that follow from a part of the hash of an entry's id."""
        key = hashlib.sha256(self.pack.entries[index].id.encode()).digest()[part]
        return np.random.Generator(np.random.Philox(key=int.from_bytes(key)))

    def _hidden(
        self, step: int, places: Sequence[int], views: int, specs: PictureSpecs, scene: Scene
    ) -> Hidden | None:
        """What hides objects in training pictures; None where the settings have nothing do so."""
        config = self.config
        if not (config.occlusion or config.cut_off):
            return None
        keys = [np.random.Philox(key=[self.seed, _HIDING], counter=[0, 0, place, step]) for place in places]
        numbers = np.concatenate([np.random.Generator(key).random((views, DRAWS)) for key in keys])
        occluders = self._occluders_on(scene.device, "training", self._training_occluders)
        hiding = drawn_hiding(numbers, occluders, config)
        return hide(scene, specs, config.size, config.framing, occluders, hiding)

    def _hidden_of_held(
        self, indices: Sequence[int], views: int, specs: PictureSpecs, scene: Scene
    ) -> Hidden | None:
        """What hides objects in held pictures; None where nothing is to."""
        if self._held_share == 0:
            return None
        numbers = np.concatenate([self._rng_of(i, slice(16, None)).random((views, DRAWS)) for i in indices])
        kind, config = self._held_kind, self.config
        occluders = self._occluders_on(scene.device, kind, lambda: held_occluders(kind))
        hiding = held_hiding(numbers, occluders, self._held_share)
        return hide(scene, specs, config.size, config.framing, occluders, hiding, coarse=config.size)

    def _training_occluders(self) -> Occluders:
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _OCCLUDERS]))
        return occluders_of(self._scenes[torch.device("cpu")], self._training, self.config, rng)

    def _occluders_on(self, device: torch.device, name: str, make: Callable[[], Occluders]) -> Occluders:
        """Occluders on a device; made on the CPU at the first call, so that they are the same everywhere."""
        cpu = torch.device("cpu")
        if (name, cpu) not in self._occluders:
            self._occluders[name, cpu] = make()
        if (name, device) not in self._occluders:
            self._occluders[name, device] = self._occluders[name, cpu].to(device)
        return self._occluders[name, device]

    def _batch(
        self,
        index: Sequence[int],
        specs: PictureSpecs,
        cameras: np.ndarray,
        scene: Scene,
        device: Device,
        hidden: Hidden | None,
    ) -> Batch:
        specs, covers = (specs, None) if hidden is None else (hidden.specs, hidden.covers)
        images, alpha, depth = draw(scene, specs, self.config.size, covers)
        occluded = torch.zeros(len(specs)) if hidden is None else hidden.share
        rows = torch.tensor(list(index), device=device)
        stretch = _by_object(specs.stretch.cpu(), len(rows))[:, 0]
        truth: dict[str, Callable[[], Any]] = {
            "voxels": lambda: self.pack.solid(rows, self.side),
            "sides": lambda: self.pack.sides[list(index), None] * stretch,
            "cameras": lambda: _by_object(torch.from_numpy(cameras).float(), len(rows)),
            "windows": lambda: _by_object(specs.window, len(rows)),
            "meshes": lambda: _stretched(self.pack.meshes(index), stretch),
            "masks": lambda: _by_object(alpha, len(rows))[:, :, None],
            "depth": lambda: _by_object(depth, len(rows))[:, :, None],
            "occlusion": lambda: _by_object(occluded, len(rows)),
        }
        wanted = {name: truth[name]().to(device) for name in self.provides}
        return Batch(_by_object(images, len(rows)).to(device), rows, Truth(**wanted))

    def _scene_on(self, device: Device) -> Scene:
        """The shapes on the device that draws for `device`; brought there at the first call."""
        where = compute_device(torch.device(device))
        if where not in self._scenes:
            self._scenes[where] = self._scenes[torch.device("cpu")].to(where)
        return self._scenes[where]


def _stretched(meshes: Meshes, factors: Tensor) -> Meshes:
    verts = [some * factor for some, factor in zip(meshes.verts_list(), factors, strict=True)]
    return Meshes(verts, meshes.faces_list())


def _by_object(pictures: Tensor, objects: int) -> Tensor:
    return pictures.reshape(objects, -1, *pictures.shape[1:])
