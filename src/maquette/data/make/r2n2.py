"""Making a data set in the layout of ShapeNet R2N2: all objects, splits, and a manifest."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from ...io.atomic import replacing
from ...io.errors import BadInput, as_bad_input
from ...structures.shape import SPLITS
from ...structures.voxels import VoxelGrid
from ..manifest import write_manifest
from ..mesh_axes import OBJECT_AXES, MeshAxes
from ..pack import pack_shapes
from ..problems import Problem
from ..r2n2_files import SIDE
from ..r2n2_splits import SPLIT_FILE
from .jobs import Job
from .model_folder import clean, is_made, write_model
from .pictures import draw_pictures
from .running import Made, Progress, check_made, run_jobs

SETTINGS_FILE = "made.json"
CATEGORIES_FILE = "shapenet_all.json"


@dataclass(frozen=True)
class MakeConfig:
    """How a data set is made.

    Attributes:
        views: pictures of each object.
        size: pixels a side.
        seed: of the cameras.
        axes: of meshes whose axes no table tells (`jobs_of_folder` turns them).
    """

    views: int = 24
    size: int = 137
    seed: int = 0
    axes: MeshAxes = OBJECT_AXES


def make_r2n2(
    jobs: Sequence[Job],
    root: str | PathLike[str],
    config: MakeConfig,
    threads: int = 1,
    progress: Progress | None = None,
) -> Made:
    """Make a data set, or the rest of one.

    An object's folders appear whole or not at all; objects that are there already are kept as they are, so that a
    run that was interrupted can be started again. The bytes do not depend on the number of threads.

    Args:
        jobs: the objects, their folders' names differing.
        root: the folder, which is made where it is missing.
        config: how the pictures are taken.
        threads: objects that are worked on at once.
        progress: told (done, total, id) after every object.

    Raises:
        BadInput: `root` holds something else, or a data set that was made otherwise; it cannot be written to; or
            no object could be made.
    """
    root = Path(root)
    check_root(root, config)
    with as_bad_input(root, OSError, say="cannot be written"):
        root.mkdir(exist_ok=True)
        clean(root)
        is_new = not (root / SETTINGS_FILE).is_file()
        _write_json(root / SETTINGS_FILE, _settings(config))
        done = list(run_jobs(jobs, lambda job: _make(job, root, config), threads, progress))
        good = sorted((job for job, state in done if not isinstance(state, Problem)), key=_place)
        if not good:
            if is_new:
                _undo(root)
            first = next((f"; {s.path}: {s.reason}" for _, s in done if isinstance(s, Problem)), "")
            raise BadInput(root, f"none of {len(jobs)} meshes can be used{first}")
        _write_json(root / SPLIT_FILE, _splits(good))
        _write_json(
            root / CATEGORIES_FILE, {c: {"id": c, "name": c} for c in sorted({j.category for j in good})}
        )
        write_manifest(root)
    return Made.of(done)


def check_root(root: Path, config: MakeConfig) -> None:
    """Refuse a folder that holds anything but a data set made with the same settings."""
    check_made(root, SETTINGS_FILE, _settings(config))


def _undo(root: Path) -> None:
    """Take back a folder in which nothing was made."""
    (root / SETTINGS_FILE).unlink()
    with suppress(OSError):
        root.rmdir()


def _settings(config: MakeConfig) -> dict[str, Any]:
    return {"maquette_made": 1, "layout": "r2n2", **asdict(config)}


def _make(job: Job, root: Path, config: MakeConfig) -> bool:
    if is_made(root, job.category, job.model, config.views, config.size):
        return False
    pack = pack_shapes([job.load()])
    pictures = draw_pictures(pack, config.views, config.size, config.seed)
    verts = pack.verts
    grid = VoxelGrid(pack.solid(torch.tensor([0])), side=float((verts.amax(0) - verts.amin(0)).max()))
    assert grid.resolution == SIDE
    write_model(root, job.category, job.model, pictures, grid)
    return True


def _place(job: Job) -> tuple[str, str]:
    return job.category, job.model


def _splits(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    """In the form of Pix2Vox's `ShapeNet.json`."""
    names: dict[str, dict[str, list[str]]] = {}
    for job in jobs:
        names.setdefault(job.category, {split: [] for split in SPLITS})[job.entry.split].append(job.model)
    return [{"taxonomy_id": c, "taxonomy_name": c, **lists} for c, lists in names.items()]


def _write_json(path: Path, content: Any) -> None:
    with replacing(path, "w") as file:
        file.write(json.dumps(content, indent=1) + "\n")
