"""`StoredViews`: batches of pictures that are on disk, such as those of ShapeNet R2N2.

With the default configuration they are changed as 3D-R2N2 changed them (Choy et al., ECCV 2016, released code): views
drawn with replacement; where alpha is exactly 0 a background of one colour, each channel uniform in [225, 255] / 255;
of 137 x 137 pixels a square of 127 whose corner is uniform in {0, .., 9}^2; mirrored with probability 1/2 while
the voxels stay. Otherwise the first views, background 240 / 255, the square in the middle.
"""

import copy
import math
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..io.errors import BadInput, as_bad_input
from ..renderer.views import R2N2_FOV
from ..structures.device import Device
from .batch import Batch, Entry, Truth, part_of
from .mirrored import mirror_shapes
from .photo_bank import photo_bank
from .picture_changes import changed_picture, held_picture, scaled_whole
from .r2n2 import R2N2Dataset
from .r2n2_files import SIDE
from .shape_order import ShapeOrder
from .views_config import ViewsConfig, check_pictures

_ALWAYS = frozenset({"voxels", "cameras"})
_OF_SHAPES = frozenset({"sides", "meshes"})
_OF_WHOLE_PICTURES = frozenset({"windows", "masks"})
_STREAM, _OTHER_STREAM = 2, 4
_OTHERS_TRIED = 100


class StoredViews:
    """A `Source` over pictures in the layout of ShapeNet R2N2.

    Where meshes were prepared (`shape_files`), batches have them and finer voxels, too, and of pictures of which
    nothing is cut off (framing "camera", `size` the `render_size`) masks and windows.

    What the configuration says of cameras, colours, lights and textures has been decided when the pictures were made.

    Args:
        dataset: objects of all splits.
        config: how pictures are changed.
        seed: of training samples.

    Raises:
        ValueError: settings of which no picture can be made.
        BadInput: the folder of photographs for backgrounds has none.
    """

    def __init__(self, dataset: R2N2Dataset, config: ViewsConfig, seed: int = 0) -> None:
        check_pictures(config)
        self.dataset, self.config, self.seed, self.side = dataset, config, seed, SIDE
        self.provides = _ALWAYS
        if dataset.has_shapes:
            whole = config.framing == "camera" and config.size == config.render_size
            self.provides |= _OF_SHAPES | (_OF_WHOLE_PICTURES if whole else frozenset())
        self._photos = photo_bank(config.photos or "") if "photos" in config.backgrounds else None
        training = dataset.select("train")
        self._order = ShapeOrder(training, seed) if training else None

    def only(self, truth: frozenset[str], side: int) -> "StoredViews":
        """The same pictures, of which no more is said than `truth`, voxels and cameras.

        Args:
            truth: what batches must know.
            side: cells along the edges of the voxels, where meshes were prepared with as many.
        """
        other = copy.copy(self)
        other.provides, other.side = _ALWAYS | (truth & self.provides), side
        return other

    @property
    def entries(self) -> Sequence[Entry]:
        """All objects, of all splits, in a fixed order."""
        return self.dataset.entries

    def view_count(self, index: int) -> int:
        """How many pictures of an object are on disk."""
        return self.dataset.view_count(index)

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """Changed pictures of objects of the training split (`Source.training_batch`).

        A picture that cannot be used is named in a warning, and the object's next one takes its place; where none
        of them can, or its voxels cannot, another object does.

        Raises:
            BadInput: nothing to train on, or many objects in turn of which no picture can be used.
            ValueError: a batch that cannot be cut into such parts.
        """
        if self._order is None:
            raise BadInput(self.dataset.root, "has no object in the training split")
        places = [step * count + place for place in part_of(count, part)]
        chosen = zip(places, self._order.at(places), strict=True)
        return Batch.join([self._training_sample(place, index, views) for place, index in chosen]).to(device)

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """The first pictures of the given entries, unchanged but for background and crop.

        Raises:
            BadInput: an entry has fewer pictures than `views`.
        """
        return Batch.join([self._held_sample(index, views) for index in indices]).to(device)

    def _training_sample(self, place: int, index: int, views: int) -> Batch:
        try:
            return self._sample_of(place, index, views)
        except BadInput as error:
            problem = error
        for other in self._others(place):
            with suppress(BadInput):
                sample = self._sample_of(place, other, views)
                warnings.warn(f"{problem}; another object is used", stacklevel=2)
                return sample
        raise problem

    def _others(self, place: int) -> list[int]:
        """Objects to take where that of a place cannot be read: some, as all may have gone."""
        training = self.dataset.select("train")
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _OTHER_STREAM], counter=[0, 0, 0, place]))
        return [training[i] for i in rng.permutation(len(training))[:_OTHERS_TRIED]]

    def _sample_of(self, place: int, index: int, views: int) -> Batch:
        config = self.config
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _STREAM], counter=[0, 0, 0, place]))
        drawn = self._drawn_views(rng, self.dataset.view_count(index), views)
        together = rng.random() < config.flip
        images, chosen, flipped = [], [], []
        for wanted in drawn:
            view, image = self._changed(index, wanted, rng)
            chosen.append(view)
            alone = rng.random() < config.flip
            flipped.append(together if config.flip_voxels else alone)
            images.append(image.flip(-1) if flipped[-1] else image)
        sample = self._sample(index, chosen, images, flipped)
        return _mirrored(sample) if config.flip_voxels and together else sample

    def _changed(self, index: int, wanted: int, rng: np.random.Generator) -> tuple[int, Tensor]:
        """A changed picture and its place: the wanted one, else the next of the object that can be used."""
        there, problem = self.dataset.view_count(index), None
        for view in ((wanted + i) % there for i in range(there)):
            try:
                with self._naming(index, view):
                    picture = self.dataset.picture(index, view)
                    image = changed_picture(picture, self.config, rng, self._photos)
            except BadInput as error:
                problem = problem or error
                continue
            if problem is not None:
                warnings.warn(f"{problem}; another picture of the object is used", stacklevel=2)
            return view, image
        raise problem or BadInput(self.dataset.root, f"{self.entries[index].id} has no pictures")

    def _drawn_views(self, rng: np.random.Generator, there: int, views: int) -> list[int]:
        if self.config.replacement:
            return list(map(int, rng.integers(there, size=views)))
        rounds = [rng.permutation(there) for _ in range(-(-views // there))]
        return list(map(int, np.concatenate(rounds)[:views]))

    def _held_sample(self, index: int, views: int) -> Batch:
        there = self.dataset.view_count(index)
        if views > there:
            raise BadInput(self.dataset.root, f"{self.entries[index].id} has {there} pictures, not {views}")
        images = []
        for view in range(views):
            with self._naming(index, view):
                images.append(held_picture(self.dataset.picture(index, view), self.config))
        return self._sample(index, list(range(views)), images, [False] * views)

    def _naming(self, index: int, view: int) -> AbstractContextManager[None]:
        """Say of which picture an error is."""
        return as_bad_input(self.dataset.picture_file(index, view), ValueError)

    def _sample(self, index: int, views: list[int], images: list[Tensor], flipped: list[bool]) -> Batch:
        shape = cache(lambda: self.dataset.prepared(index))
        finer = self.dataset.has_shapes and self.side != SIDE
        truth: dict[str, Callable[[], Any]] = {
            "voxels": lambda: (
                shape().solid(torch.tensor([0]), min(self.side, shape().side))
                if finer
                else self.dataset.voxels(index).occupancy
            ),
            "cameras": lambda: self.dataset.placements(index)[views][None],
            "sides": lambda: shape().sides[:, None].repeat(1, 3),
            "meshes": lambda: shape().meshes([0]),
            "windows": lambda: torch.stack([self._window(flip) for flip in flipped])[None],
            "masks": lambda: torch.stack(
                [self._mask(index, *seen) for seen in zip(views, flipped, strict=True)]
            )[None],
        }
        known = {name: truth[name]() for name in self.provides}
        return Batch(torch.stack(images)[None], torch.tensor([index]), Truth(**known))

    def _window(self, flipped: bool) -> Float[Tensor, " 4"]:
        """Of a whole picture."""
        middle = self.config.size / 2
        focal = middle / math.tan(math.radians(R2N2_FOV) / 2)
        return torch.tensor([-focal if flipped else focal, focal, middle, middle])

    def _mask(self, index: int, view: int, flipped: bool) -> Float[Tensor, "1 height width"]:
        """Of a whole picture."""
        with self._naming(index, view):
            mask = scaled_whole(self.dataset.picture(index, view)[3:], self.config)
        return mask.flip(-1) if flipped else mask


def _mirrored(sample: Batch) -> Batch:
    """Shapes and cameras mirrored in the plane x = 0, to go with mirrored pictures."""
    azimuth, elevation, ratio = sample.cameras.unbind(2)
    cameras = torch.stack([(180 - azimuth) % 360, elevation, ratio], dim=2)
    turned = mirror_shapes(sample, torch.ones(len(sample), dtype=torch.bool))
    return replace(turned, truth=replace(turned.truth, cameras=cameras))
