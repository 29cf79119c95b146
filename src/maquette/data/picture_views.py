"""`PictureViews`: batches of single pictures on disk, such as faces, with boxes and masks where they are known."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..io.errors import BadInput
from ..io.images import load_image, load_mask
from ..segment.faces import FoundFace, cut_face, find_faces
from ..structures.device import Device
from .another import or_another
from .batch import Batch, Entry, Truth, part_of
from .framing import cut_square
from .pictures_config import PicturesConfig
from .shape_order import ShapeOrder
from .synface import depth_of_brightness

_STREAM = 5
_DRAWS = 3


@dataclass(frozen=True)
class PictureFile:
    """A picture of a data set.

    Attributes:
        entry: what is known of it.
        image: its file.
        mask: file of its object's mask; None where there is none.
        box: of its object: left, top, right, bottom in pixels; None where it is not known.
        depth: file of its depth (`data.synface`); None where there is none.
    """

    entry: Entry
    image: Path
    mask: Path | None = None
    box: tuple[float, float, float, float] | None = None
    depth: Path | None = None


class PictureViews:
    """A `Source` of single pictures: one view each, and masks and depth where all of them have these.

    A training sample is a pure function of (seed, step, place in the batch).

    Args:
        files: pictures of all splits.
        config: how they are cut out and changed.
        seed: of training samples.

    Raises:
        ValueError: no pictures.
    """

    def __init__(self, files: Sequence[PictureFile], config: PicturesConfig, seed: int = 0) -> None:
        if not files:
            raise ValueError("there are no pictures")
        self.files, self.config, self.seed = tuple(files), config, seed
        self.entries: Sequence[Entry] = tuple(file.entry for file in files)
        beside = {"masks": [file.mask for file in files], "depth": [file.depth for file in files]}
        self.provides = frozenset(
            name for name, paths in beside.items() if not config.faces and None not in paths
        )
        self._training = [i for i, entry in enumerate(self.entries) if entry.split == "train"]
        self._order = ShapeOrder(self._training, seed) if self._training else None
        self._faces: dict[int, FoundFace | None] = {}

    def view_count(self, index: int) -> int:
        """One."""
        return 1

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """Changed pictures of the training split (`Source.training_batch`); another one where one cannot be read.

        There is one view of each, whatever is asked for.

        Raises:
            BadInput: nothing to train on, or many pictures in turn that cannot be read.
            ValueError: a batch that cannot be cut into such parts.
        """
        if self._order is None:
            raise BadInput(self.files[0].image.parent, "has no picture in the training split")
        places = [step * count + place for place in part_of(count, part)]
        chosen = zip(places, self._order.at(places), strict=True)
        return Batch.join([self._training_sample(place, index) for place, index in chosen]).to(device)

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """The given pictures, unchanged but for the cut.

        Raises:
            BadInput: one of them cannot be read, or more than one view is asked for.
        """
        if views != 1:
            raise BadInput(self.files[indices[0]].image, f"is the one picture of its object, not {views}")
        return Batch.join([self._sample(index, np.array([0.5, 0.5, 1.0])) for index in indices]).to(device)

    def _training_sample(self, place: int, index: int) -> Batch:
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _STREAM], counter=[0, 0, 0, place]))
        draws = rng.random(_DRAWS)
        return or_another(lambda i: self._sample(i, draws, strict=True), index, self._training, rng)

    def _sample(self, index: int, draws: np.ndarray, strict: bool = False) -> Batch:
        """One picture; of the draws two move the square, and the last decides whether it is mirrored.

        Raises:
            BadInput: it cannot be read, or, where that is strict, there is no face in it that is wanted.
        """
        file = self.files[index]
        image = load_image(file.image, 3)
        if self.config.faces and file.box is None:
            face = self._face_in(index, image)
            if face is not None:
                square = cut_face(image, face, self.config.size)
                square = square.flip(-1) if draws[2] < self.config.flip else square
                return Batch(square[None, None], torch.tensor([index]))
            if strict:
                raise BadInput(file.image, "shows no face")
        masks = depth = None
        if "masks" in self.provides and file.mask is not None:
            masks = self._beside(load_mask(file.mask).float(), file.mask, image, file, draws)
        if "depth" in self.provides and file.depth is not None:
            brightness = self._beside(load_image(file.depth, 1), file.depth, image, file, draws)
            depth = depth_of_brightness(brightness)
        return Batch(
            self._cut(image, file, draws)[None, None], torch.tensor([index]), Truth(masks=masks, depth=depth)
        )

    def _beside(
        self, map: Tensor, path: Path, image: Tensor, file: PictureFile, draws: np.ndarray
    ) -> Float[Tensor, "1 1 1 s s"]:
        """What stands beside a picture in a file of its own, cut as the picture is."""
        if map.shape[1:] != image.shape[1:]:
            raise BadInput(path, f"is not of the size of its picture {file.image}")
        return self._cut(map, file, draws)[None, None]

    def _face_in(self, index: int, image: Tensor) -> FoundFace | None:
        """The surest face in a picture; looked for once."""
        if index not in self._faces:
            self._faces[index] = next(iter(find_faces(image)), None)
        return self._faces[index]

    def _cut(self, picture: Tensor, file: PictureFile, draws: np.ndarray) -> Float[Tensor, "channel s s"]:
        config = self.config
        height, width = picture.shape[1:]
        box = file.box
        if box is None:
            middle, side = (width / 2, height / 2), float(min(width, height))
        else:
            middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
            side = max(box[2] - box[0], box[3] - box[1], 1.0) * (1 + 2 * config.margin)
        x, y = (m + (2 * d - 1) * config.shift * side for m, d in zip(middle, draws, strict=False))
        square = cut_square(picture, x - side / 2, y - side / 2, side, config.size)
        return square.flip(-1) if draws[2] < config.flip else square
