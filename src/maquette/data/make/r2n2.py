"""Making a data set in the layout of ShapeNet R2N2: all objects, splits, and a manifest."""

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import torch

from ...io.atomic import replacing
from ...io.errors import BadInput, as_bad_input
from ...io.json_file import read_json
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

SETTINGS_FILE = "made.json"
CATEGORIES_FILE = "shapenet_all.json"
Progress = Callable[[int, int, str], None]


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


@dataclass(frozen=True)
class Made:
    """What was made.

    Attributes:
        made: ids of the objects made in this run.
        kept: ids of those that were there already.
        skipped: objects that could not be used, and why.
    """

    made: tuple[str, ...]
    kept: tuple[str, ...]
    skipped: tuple[Problem, ...]


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
        done = list(_run(jobs, root, config, threads, progress))
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
    return Made(
        made=tuple(sorted(job.entry.id for job, state in done if state is True)),
        kept=tuple(sorted(job.entry.id for job, state in done if state is False)),
        skipped=tuple(sorted(state for _, state in done if isinstance(state, Problem))),
    )


def check_root(root: Path, config: MakeConfig) -> None:
    """Refuse a folder that holds anything but a data set made with the same settings."""
    if root.exists() and not root.is_dir():
        raise BadInput(root, "is a file; the output is a folder")
    if not root.exists() or not any(root.iterdir()):
        return
    file = root / SETTINGS_FILE
    if not file.is_file():
        raise BadInput(root, "is a folder with other files in it; nothing is added to it")
    if read_json(file, dict) != _settings(config):
        raise BadInput(root, f"was made with other settings ({file.name}); use them again, or another folder")


def _undo(root: Path) -> None:
    """Take back a folder in which nothing was made."""
    (root / SETTINGS_FILE).unlink()
    with suppress(OSError):
        root.rmdir()


def _settings(config: MakeConfig) -> dict[str, Any]:
    return {"maquette_made": 1, "layout": "r2n2", **asdict(config)}


def _run(
    jobs: Sequence[Job], root: Path, config: MakeConfig, threads: int, progress: Progress | None
) -> Iterator[tuple[Job, bool | Problem]]:
    """Each job as it ends, and whether it was made now, was there already, or why it cannot be made."""
    rest, running = iter(jobs), {}
    pool = ThreadPoolExecutor(threads, "make", lambda: torch.set_num_threads(1))
    count = 0
    try:
        while True:
            for job in rest:
                running[pool.submit(_make, job, root, config)] = job
                if len(running) >= 2 * threads:
                    break
            if not running:
                return
            ended: set[Future[bool | Problem]] = wait(running, return_when=FIRST_COMPLETED).done
            for future in ended:
                job, count = running.pop(future), count + 1
                yield job, future.result()
                if progress is not None:
                    progress(count, len(jobs), job.entry.id)
    finally:
        pool.shutdown(cancel_futures=True)


def _make(job: Job, root: Path, config: MakeConfig) -> bool | Problem:
    if is_made(root, job.category, job.model, config.views, config.size):
        return False
    try:
        pack = pack_shapes([job.load()])
        pictures = draw_pictures(pack, config.views, config.size, config.seed)
    except BadInput as error:
        return Problem.of(error)
    except ValueError as error:
        return Problem(job.source, str(error))
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
