"""`ScenePictures`: batches of whole photographs with the objects in them, of Pix3D."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import pad

from ..io.errors import BadInput
from ..io.images import load_image, load_mask
from ..io.pix3d_records import PIX3D_TABLE
from ..structures import Meshes
from ..structures.device import Device
from .another import or_another
from .batch import Batch, Entry, PictureObjects, Truth, part_of
from .pix3d import Pix3D
from .pix3d_voxels import normalised, read_voxel_cells
from .problems import Problem
from .recent import Recent
from .scene_changes import Image, mirrored, recoloured, scaled
from .scenes_config import ScenesConfig
from .shape_order import ShapeOrder
from .splits import place_of

_STREAM = 6
_VALIDATION = 0.05
_KEPT = 1 << 29  # bytes of meshes and voxels: about all of Pix3D's


class ScenePictures:
    """A `Source` of photographs with boxes, masks, meshes, voxels and cameras: one object in each.

    Where the lists know no validation split, a twentieth of the training split is taken for it, by a hash of the ids.
    A training sample is a pure function of (seed, step, place in the batch). Pictures of a batch that are smaller
    than others of it have a black border to the right and below (`PictureObjects.size`).

    Args:
        data: the data set.
        config: how pictures are scaled and changed.
        seed: of training samples.

    Attributes:
        problems: photographs that are left out, as what they show is none of the classes, or its voxels are missing.

    Raises:
        BadInput: no photograph of any of the classes, or none with voxels.
    """

    provides = frozenset({"objects"})

    def __init__(self, data: Pix3D, config: ScenesConfig, seed: int = 0) -> None:
        self.data, self.config, self.seed = data, config, seed
        reasons = [self._wrong(i) for i in range(len(data))]
        self._places = [i for i, reason in enumerate(reasons) if not reason]
        self.problems = tuple(
            Problem(entry.id, reason) for entry, reason in zip(data.entries, reasons, strict=True) if reason
        )
        if not self._places:
            words = ", ".join(config.classes)
            raise BadInput(data.root, f"has no photograph of {words} that can be used; {reasons[0]}")
        self.entries: Sequence[Entry] = _with_validation([data.entries[i] for i in self._places])
        self._training = [i for i, entry in enumerate(self.entries) if entry.split == "train"]
        self._order = ShapeOrder(self._training, seed) if self._training else None
        self._recent = Recent(_KEPT)

    def view_count(self, index: int) -> int:
        """One."""
        return 1

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """Changed photographs of the training split; another one where one cannot be read.

        There is one view of each, whatever is asked for.

        Raises:
            BadInput: nothing to train on, or many photographs in turn that cannot be read.
            ValueError: a batch that cannot be cut into such parts.
        """
        if self._order is None:
            raise BadInput(self.data.root, "has no photograph in the training split")
        places = [step * count + place for place in part_of(count, part)]
        chosen = zip(places, self._order.at(places), strict=True)
        return _batch([self._training_sample(place, index) for place, index in chosen]).to(device)

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """The given photographs, scaled only.

        Raises:
            BadInput: one of them cannot be read, or more than one view is asked for.
        """
        if views != 1:
            name = self.entries[indices[0]].id
            raise BadInput(self.data.root / name, f"is the one picture of its object, not {views}")
        return _batch([(index, *self._read(index, self.config.held)) for index in indices]).to(device)

    def _training_sample(self, place: int, index: int) -> tuple[int, Image, PictureObjects]:
        rng = np.random.Generator(np.random.Philox(key=[self.seed, _STREAM], counter=[0, 0, 0, place]))
        draws = rng.random(6)
        return or_another(lambda i: (i, *self._changed(i, draws)), index, self._training, rng)

    def _changed(self, index: int, draws: np.ndarray) -> tuple[Image, PictureObjects]:
        shorter = self.config.shorter
        image, objects = self._read(index, shorter[int(draws[0] * len(shorter))])
        if draws[1] < self.config.flip:
            image, objects = mirrored(image, objects)
        factors = torch.from_numpy(1 + self.config.jitter * (2 * draws[2:] - 1)).float()
        return recoloured(image, factors), objects

    def _wrong(self, place: int) -> str:
        """Why a photograph cannot be used, as far as its record tells."""
        record = self.data.records[place]
        if record.category not in self.config.classes:
            return f"{record.category} is none of the classes"
        if not record.voxel:
            return "its record names no voxels"
        return "" if (self.data.root / record.voxel).is_file() else f"{record.voxel} is missing"

    def _read(self, index: int, shorter: int) -> tuple[Image, PictureObjects]:
        place = self._places[index]
        record, root = self.data.records[place], self.data.root
        image, mask = load_image(root / record.image, 3), load_mask(root / record.mask)
        height, width = image.shape[1:]
        if (width, height) != record.size:
            told = "{} x {}".format(*record.size)
            raise BadInput(
                root / record.image, f"has {width} x {height} pixels, not {told} as {PIX3D_TABLE} says"
            )
        if mask.shape[1:] != image.shape[1:]:
            raise BadInput(root / record.mask, f"is not of the size of its picture {record.image}")
        R, t = torch.from_numpy(record.rotation), torch.from_numpy(record.translation)
        (cells,) = self._recent.of(
            record.voxel, lambda: (torch.from_numpy(read_voxel_cells(root / record.voxel)),)
        )
        points = torch.from_numpy(normalised(cells.numpy()))
        model = self.data.model(place)
        verts, faces = self._recent.of(model, lambda: self._mesh(model))
        verts = verts @ R.T + t
        if not 0 < verts[:, 2].min() < verts[:, 2].max():
            what = "lies behind the camera, or has no depth"
            raise BadInput(root / record.image, f"its object {what}, as {PIX3D_TABLE} has it")
        objects = PictureObjects(
            boxes=torch.tensor([record.box], dtype=torch.float32),
            labels=torch.tensor([1 + self.config.classes.index(record.category)]),
            masks=mask,
            meshes=Meshes([verts.float()], [faces.long()]),
            points=((points @ R.T + t).float(),),
            camera=torch.tensor([record.focal, record.focal, width / 2, height / 2], dtype=torch.float32),
        )
        return scaled(image, objects, self.config.scaled((height, width), shorter))

    def _mesh(self, model: int) -> tuple[Tensor, Tensor]:
        """Vertices in the coordinates of the file, and faces."""
        shape = self.data.models.shape(model)
        assert shape.mesh is not None
        turn = torch.from_numpy(self.data.models.axes.turn()).double()
        verts = shape.to_file(shape.mesh.verts_packed().double()) @ turn.T
        return verts, shape.mesh.faces_packed().int()


def _with_validation(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    if any(entry.split == "val" for entry in entries):
        return tuple(entries)
    return tuple(
        replace(entry, split="val") if entry.split == "train" and place_of(entry.id) < _VALIDATION else entry
        for entry in entries
    )


def _batch(samples: Sequence[tuple[int, Float[Tensor, "3 _h _w"], PictureObjects]]) -> Batch:
    height, width = (max(image.shape[axis] for _, image, _ in samples) for axis in (1, 2))
    images = [pad(image, (0, width - image.shape[2], 0, height - image.shape[1])) for _, image, _ in samples]
    index = torch.tensor([index for index, _, _ in samples])
    return Batch(torch.stack(images)[:, None], index, Truth(objects=tuple(found for *_, found in samples)))
