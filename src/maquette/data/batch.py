"""What training and evaluation read: `Batch`, its `Truth`, and `Source`, the face of all that gives batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol, Self, TypeVar, runtime_checkable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..structures import Meshes, join_meshes_as_batch
from ..structures.device import Device

Known = TypeVar("Known")


@dataclass(frozen=True)
class Entry:
    """One object of a data set, or one picture of objects, without what is to be found out about it.

    Attributes:
        id: unique within the data set.
        category: word or synset of its class; empty where there is none.
        split: "train", "val" or "test".
        family: objects of one family are variants of each other and stay in one split.
        source: where the shape came from; scores of different sources are shown apart.
    """

    id: str
    category: str
    split: str
    family: str = ""
    source: str = ""


@dataclass(frozen=True)
class PictureObjects:
    """The objects in one picture.

    Attributes:
        boxes: left, top, right, bottom in pixels of the picture.
        labels: class of each, from 1; 0 is the background.
        masks: pixels of each.
        meshes: of each, in the camera frame; None where they are not known.
        points: middles of each one's solid voxels, in the camera frame; None where they are not known.
        camera: focal lengths along columns and rows, and column and row of the optical axis, in pixels; None where
            it is not known.
        size: height and width of the picture, where a batch gives it a border to the right and below; None where
            all of it counts.
    """

    boxes: Float[Tensor, "object 4"]
    labels: Int[Tensor, " object"]
    masks: Bool[Tensor, "object height width"] | None = None
    meshes: Meshes | None = None
    points: tuple[Float[Tensor, "_point 3"], ...] | None = None
    camera: Float[Tensor, " 4"] | None = None
    size: tuple[int, int] | None = None

    def to(self, device: Device) -> "PictureObjects":
        """The same on another device."""
        moved = {name: getattr(self, name) for name in ("boxes", "labels", "masks", "meshes", "camera")}
        points = None if self.points is None else tuple(own.to(device) for own in self.points)
        there = {name: value.to(device) for name, value in moved.items() if value is not None}
        return replace(self, **there, points=points)


@dataclass(frozen=True)
class Truth:
    """What is known of the objects of a batch beside their pictures; None is what is not.

    Attributes:
        voxels: solid cells, indexed (x, y, z), of the cube around the object's bounding box whose edge is the
            box's longest: the grids of R2N2's binvox files.
        cameras: azimuth and elevation in degrees and ratio of distances of every view, as in R2N2's
            `rendering_metadata.txt`.
        sides: edges of the voxels' grid along x, y and z, in units of the object frame: a cube, unless the shape is
            stretched.
        windows: focal lengths along columns and rows, and column and row of the optical axis, of every view in its
            pixels; a negative focal length along columns mirrors.
        meshes: one an object, in the object frame.
        masks: 1 where the object can be seen.
        depth: distance of what is seen along the camera's axis, in units of the object frame; 0 where nothing is.
        normals: of length 1, of what is seen, towards the camera, in its frame; 0 where nothing is.
        albedo: colours without light, in [0, 1]; 0 where nothing is.
        lights: strengths of the even and of the directed light, and the direction towards the latter, of length 1, in
            the camera's frame: a pixel shows albedo (even + directed max(0, normal . direction)).
        poses: the view as Unsup3D has it: rotations about x, y and z in radians (R = Rz Ry Rx, OpenCV's axes, about
            the point in depth 1), and a translation in units of depth.
        occlusion: share of each object's visible pixels that something hides, or that lie beyond the picture's edge.
        objects: of each picture, for pictures that show several.
    """

    voxels: Bool[Tensor, "batch side side side"] | None = None
    sides: Float[Tensor, "batch 3"] | None = None
    cameras: Float[Tensor, "batch view 3"] | None = None
    windows: Float[Tensor, "batch view 4"] | None = None
    meshes: Meshes | None = None
    masks: Float[Tensor, "batch view 1 height width"] | None = None
    depth: Float[Tensor, "batch view 1 height width"] | None = None
    normals: Float[Tensor, "batch view 3 height width"] | None = None
    albedo: Float[Tensor, "batch view 3 height width"] | None = None
    lights: Float[Tensor, "batch view 5"] | None = None
    poses: Float[Tensor, "batch view 6"] | None = None
    occlusion: Float[Tensor, "batch view"] | None = None
    objects: tuple[PictureObjects, ...] | None = None

    @property
    def known(self) -> frozenset[str]:
        """Names of what is not None."""
        return frozenset(f.name for f in fields(self) if getattr(self, f.name) is not None)


@dataclass(frozen=True)
class Batch:
    """Pictures of some objects, the same number of each, and what is known of the objects.

    Attributes:
        images: RGB in [0, 1].
        index: position of each object in the source's `entries`.
        truth: what is known beside.
    """

    images: Float[Tensor, "batch view 3 height width"]
    index: Int[Tensor, " batch"]
    truth: Truth = field(default_factory=Truth)

    def __len__(self) -> int:
        return len(self.index)

    @property
    def voxels(self) -> Bool[Tensor, "batch side side side"]:
        """`truth.voxels`; raises ValueError where they are not known."""
        return known(self.truth.voxels)

    @property
    def cameras(self) -> Float[Tensor, "batch view 3"]:
        """`truth.cameras`; raises ValueError where they are not known."""
        return known(self.truth.cameras)

    def to(self, device: Device) -> "Batch":
        """Batch on another device."""
        return self._each(lambda x: x.to(device), lambda many: tuple(one.to(device) for one in many))

    def first(self, count: int) -> "Batch":
        """The first objects of the batch."""
        return self._each(lambda x: x[:count], lambda many: many[:count])

    def _each(self, change: Callable[[Any], Any], change_objects: Callable[[Any], Any]) -> "Batch":
        known = {name: getattr(self.truth, name) for name in self.truth.known}
        changed = {
            name: change_objects(value) if name == "objects" else change(value)
            for name, value in known.items()
        }
        return Batch(change(self.images), change(self.index), Truth(**changed))

    @classmethod
    def join(cls, batches: Sequence[Self]) -> "Batch":
        """One batch of several that know the same."""
        known = batches[0].truth.known
        truth = {name: _joined([getattr(b.truth, name) for b in batches]) for name in known}
        return Batch(
            torch.cat([b.images for b in batches]), torch.cat([b.index for b in batches]), Truth(**truth)
        )


def _joined(parts: Sequence[Any]) -> Any:
    first = parts[0]
    if isinstance(first, Tensor):
        return torch.cat(list(parts))
    if isinstance(first, Meshes):
        return join_meshes_as_batch(list(parts))
    return tuple(one for part in parts for one in part)


@runtime_checkable
class Source(Protocol):
    """Anything that gives batches: shapes drawn on the fly, or pictures on disk."""

    @property
    def entries(self) -> Sequence[Entry]:
        """All objects, of all splits, in a fixed order."""
        ...

    @property
    def provides(self) -> frozenset[str]:
        """What its batches know: names of `Truth`'s attributes."""
        ...

    def view_count(self, index: int) -> int | None:
        """How many pictures there are of an object; None where any number can be made."""
        ...

    def training_batch(
        self, step: int, count: int, views: int, part: tuple[int, int] = (0, 1), device: Device = "cpu"
    ) -> Batch:
        """Augmented pictures of objects of the training split: a pure function of (seed, step, place in the batch).

        Args:
            step: of training, from 0.
            count: objects of the whole batch.
            views: pictures of each.
            part: (i, n): only the i-th of n equal parts of the batch, for training in several processes.
            device: where the pictures are made.
        """
        ...

    def held_batch(self, indices: Sequence[int], views: int, device: Device = "cpu") -> Batch:
        """Pictures without augmentation of the given entries, the same at every call.

        The first k of n views are the pictures of k views.
        """
        ...


def check_provided(needs: frozenset[str], source: Source) -> None:
    """Refuse a source that does not know what training or an evaluation needs.

    Raises:
        ValueError: it does not.
    """
    missing = sorted(needs - source.provides)
    if missing:
        there = " and ".join(sorted(source.provides)) or "nothing beside pictures"
        raise ValueError(f"has no {' and no '.join(missing)}, which is needed; it has {there}")


def known(value: Known | None) -> Known:
    """What a batch's truth says, for whoever needs it (`Truth.known`).

    Raises:
        ValueError: it is None.
    """
    if value is None:
        raise ValueError("the data do not say what is needed of them")
    return value


def part_of(count: int, part: tuple[int, int]) -> range:
    """Places within a batch of `count` objects that its i-th of n equal parts has, for `part` (i, n).

    Raises:
        ValueError: there are no n equal parts, or no i-th.
    """
    share, rest = divmod(count, part[1])
    if rest or not 0 <= part[0] < part[1]:
        raise ValueError(f"a batch of {count} cannot be cut into equal parts {part}")
    return range(part[0] * share, (part[0] + 1) * share)
