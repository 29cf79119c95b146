"""`FaceViews`: batches of pictures of synthetic faces, with their true depth, normals, albedo, light and view."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from ...kernels.launch import compute_device
from ...structures.device import Device
from ..batch import Batch, Entry, Truth, part_of
from ..shape_order import ShapeOrder
from ..splits import split_of
from .drawing import draw_faces
from .model import FaceModel, load_model
from .people import people
from .takes import DRAWS, takes

_STREAM = 32
_PROVIDED = frozenset({"masks", "depth", "normals", "albedo", "lights", "poses", "windows"})


class FaceViews:
    """A `Source` of synthetic faces: `count` people, of whom any number of pictures can be drawn.

    Person i is the same for every seed and count, and so is the split that it is in: a hash of its id. A training
    sample is a pure function of (seed, step, place in the batch): neither the number of threads, workers or parts
    nor the batches before it play a part. Every person of the training split comes once an epoch; expression, view,
    light and background are each picture's own.

    Args:
        count: of people.
        size: pixels a side.
        seed: of training samples, >= 0.

    Raises:
        ValueError: no people, or pictures of less than two pixels a side.
    """

    provides = _PROVIDED

    def __init__(self, count: int, size: int = 64, seed: int = 0) -> None:
        if count < 1 or size < 2:
            raise ValueError(f"need people and pixels, got {count} people and {size} pixels a side")
        self.size, self.seed = size, seed
        self.entries: Sequence[Entry] = tuple(_entry(number) for number in range(count))
        training = [i for i, entry in enumerate(self.entries) if entry.split == "train"]
        self._order = ShapeOrder(training, seed) if training else None
        self._models: dict[torch.device, FaceModel] = {}

    def view_count(self, index: int) -> None:
        """Any number of pictures can be drawn of a person."""

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """Pictures of people of the training split; arguments as `Source` has them.

        Raises:
            ValueError: nobody in the training split, or a batch that cannot be cut into such parts.
        """
        if self._order is None:
            raise ValueError("there is no face in the training split")
        places = part_of(count, part)
        index = self._order.at([step * count + place for place in places])
        keys = [np.random.Philox(key=[self.seed, _STREAM], counter=[0, 0, place, step]) for place in places]
        return self._batch(index, keys, views, device)

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """Pictures of the given people; how they are taken follows from a hash of each one's id.

        The first k of n views are the pictures of k views.
        """
        hashes = [hashlib.sha256(self.entries[index].id.encode()).digest()[:16] for index in indices]
        return self._batch(
            indices, [np.random.Philox(key=int.from_bytes(key)) for key in hashes], views, device
        )

    def _batch(
        self, index: Sequence[int], keys: Sequence[np.random.Philox], views: int, device: Device
    ) -> Batch:
        model = self._model_on(device)
        draws = np.concatenate([np.random.Generator(key).random((views, DRAWS)) for key in keys])
        who = people(index, model)
        who = type(who)(*(np.repeat(part, views, axis=0) for part in who))
        images, truth = draw_faces(who, takes(draws, model), model, self.size)

        def by_person(pictures: Tensor) -> Tensor:
            return pictures.reshape(len(index), views, *pictures.shape[-3:]).to(device)

        told = {name: getattr(truth, name)[:, 0] for name in self.provides}
        told = {name: x.reshape(len(index), views, *x.shape[1:]).to(device) for name, x in told.items()}
        return Batch(by_person(images), torch.tensor(list(index), device=device), replace(Truth(), **told))

    def _model_on(self, device: Device) -> FaceModel:
        """The head on the device that draws for `device`; brought there at the first call."""
        where = compute_device(torch.device(device))
        if where not in self._models:
            self._models[where] = load_model().to(where)
        return self._models[where]


def _entry(number: int) -> Entry:
    name = f"face-{number:06d}"
    return Entry(name, "face", split_of(name), source="faces")
