"""Pix3D (Sun et al., CVPR 2018): photographs of furniture with masks, meshes and cameras.

    pix3d.json
    img/<category>/<number>.<jpg|png>      mask/<category>/<number>.png
    model/<category>/<name>/model.obj      (some have other names)
    pix3d_s1_train.json, pix3d_s1_test.json, pix3d_s2_*       lists of Mesh R-CNN (optional)

Meshes have +X to the left, +Y up and +Z into the picture when seen from the front: the front is -Z. A point p comes
to R p + t in a camera of the same axes, so that its pixel is (w/2 - f X/Z, h/2 - f Y/Z), f = focal_length w / 32 mm:
the camera frame of `renderer`, with row vectors there.
"""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Literal

import torch

from ..io.errors import BadInput
from ..io.pix3d_records import PIX3D_TABLE, Record, read_records
from ..renderer.cameras import PerspectiveCameras
from ..structures.shape import Shape
from .batch import Entry
from .mesh_axes import MeshAxes
from .mesh_set import MeshSet
from .pix3d_files import WRONG_MASKS, read_lists
from .problems import Problem
from .splits import split_of

Protocol = Literal["s1", "s2"]
AXES = MeshAxes(front="-Z")


@dataclass(frozen=True, eq=False)
class Pix3D:
    """Photographs and their meshes.

    Attributes:
        root: the folder.
        records: the photographs.
        entries: what is known of each; the id is the path of the photograph, the family its mesh.
        models: the meshes, each once; a mesh is held out when no photograph of it is trained on.
        problems: photographs that are left out, and why.
    """

    root: Path
    records: tuple[Record, ...]
    entries: tuple[Entry, ...]
    models: MeshSet
    problems: tuple[Problem, ...]

    def __len__(self) -> int:
        return len(self.records)

    def model(self, index: int) -> int:
        """Position in `models` of a photograph's mesh."""
        return self.models.files.index(self.root / self.records[index].model)

    def camera(self, index: int, shape: Shape) -> PerspectiveCameras:
        """Camera of a photograph for its mesh in the object frame.

        Args:
            index: of the photograph.
            shape: its mesh, as `models.shape` gives it.
        """
        record = self.records[index]
        width, height = record.size
        R = torch.from_numpy(record.rotation.T)
        turned = torch.from_numpy(AXES.turn()).double().T @ R  # from the object frame's axes
        shift = torch.tensor(shape.shift, dtype=torch.float64) @ turned + torch.from_numpy(record.translation)
        return PerspectiveCameras(
            focal_length=record.focal,
            principal_point=((width / 2, height / 2),),
            R=turned.float()[None],
            T=(shift * shape.scale).float()[None],
            in_ndc=False,
            image_size=((height, width),),
        )


def read_pix3d(root: str | PathLike[str], protocol: Protocol | None = None) -> Pix3D:
    """List the photographs and meshes; none is opened.

    Photographs whose files are missing, whose record cannot be used, or whose mask is known to be wrong
    (`WRONG_MASKS`) are left out and named.

    Args:
        root: the folder with `pix3d.json`.
        protocol: the lists of Mesh R-CNN to take the split from; those that they do not have are left out. Without, a
            hash of the mesh decides.

    Raises:
        BadInput: a missing or malformed table, or no photograph.
    """
    root = Path(root)
    records, bad = read_records(root)
    problems = [Problem(str(root / PIX3D_TABLE), f"{place}: {reason}") for place, reason in bad]
    splits = None if protocol is None else read_lists(root, protocol)
    good = []
    for record in records:
        if splits is not None and record.image not in splits:
            continue
        reason = _wrong(root, record)
        if reason:
            problems.append(Problem(str(root / record.image), reason))
        else:
            good.append(record)
    if not good:
        first = f"; {problems[0].reason}" if problems else ""
        total = len(records) + len(bad)
        raise BadInput(root, f"has none of the {total} photographs of {PIX3D_TABLE} that can be used{first}")
    entries = tuple(_entry(record, splits) for record in good)
    return Pix3D(root, tuple(good), entries, _models(root, good, entries), tuple(problems))


def _wrong(root: Path, record: Record) -> str:
    if record.image in WRONG_MASKS:
        return "its mask is known to be wrong"
    gone = [path for path in (record.image, record.mask, record.model) if not (root / path).is_file()]
    return f"{gone[0]} is missing" if gone else ""


def _model_id(record: Record) -> str:
    path = Path(record.model.removeprefix("model/")).with_suffix("")
    return str(path.parent if path.name == "model" else path)


def _entry(record: Record, splits: dict[str, str] | None) -> Entry:
    family = _model_id(record)
    split = split_of(family) if splits is None else splits[record.image]
    return Entry(record.image, record.category, split, family, "Pix3D")


def _models(root: Path, records: list[Record], entries: tuple[Entry, ...]) -> MeshSet:
    """Each mesh once, in the split "train" where one of its photographs is."""
    found: dict[str, Entry] = {}
    for record, entry in zip(records, entries, strict=True):
        if record.model not in found or entry.split == "train":
            found[record.model] = Entry(entry.family, entry.category, entry.split, source="Pix3D")
    files = tuple(root / path for path in found)
    return MeshSet("Pix3D", root, files, tuple(found.values()), AXES)
