"""Making a data set in the layout of Pix3D: objects somewhere in pictures, before backgrounds.

pix3d.json                                        all fields of the original
pix3d_{s1,s2}_{train,test}.json                   lists of Mesh R-CNN: pictures held out, and models held out
img/<category>/<number>.png                       mask/<category>/<number>.png
model/<category>/<name>/{model.obj, voxel.mat}    the farthest vertex from the middle of its box at .5
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import avg_pool2d

from ...io.atomic import replacing
from ...io.errors import BadInput, as_bad_input
from ...io.image_files import image_size
from ...io.images import load_mask, save_image
from ...io.mesh_write import save_mesh
from ...io.pix3d_records import PIX3D_TABLE
from ...ops.voxelize import voxelize
from ...renderer.views import render_views
from ...structures import Meshes
from ...structures.cameras import PerspectiveCameras
from ...structures.mask_box import mask_box
from ..mesh_axes import OBJECT_AXES, MeshAxes
from ..picture_changes import on_background
from ..pix3d import AXES
from ..pix3d_voxels import write_voxels
from ..problems import Problem
from ..recognise import PIX3D_LISTS
from ..views_config import ViewsConfig
from .jobs import Job
from .pix3d_lists import held_out, list_of
from .pix3d_views import Taken, take
from .running import Made, Progress, check_made, run_jobs

SETTINGS_FILE = "made.json"
_CELLS = 64
_FINER = 2
_BEHIND = ViewsConfig(backgrounds=("gradient", "noise"), framing="object")


@dataclass(frozen=True)
class ScenesMakeConfig:
    """How a data set is made.

    Attributes:
        views: pictures of each object.
        size: pixels of the longer side.
        seed: of cameras, places in the pictures and backgrounds.
        axes: of meshes whose axes no table tells (`jobs_of_folder` turns them).
    """

    views: int = 8
    size: int = 192
    seed: int = 0
    axes: MeshAxes = OBJECT_AXES


def make_pix3d(
    jobs: Sequence[Job],
    root: str | PathLike[str],
    config: ScenesMakeConfig,
    threads: int = 1,
    progress: Progress | None = None,
) -> Made:
    """Make a data set, or the rest of one that was interrupted; its bytes do not depend on the number of threads.

    Args:
        jobs: the objects, their folders' names differing.
        root: the folder, which is made where it is missing.
        config: how the pictures are taken.
        threads: objects that are worked on at once.
        progress: told (done, total, id) after every object.

    Raises:
        BadInput: `root` holds something else, or a data set that was made otherwise or of other objects; it cannot
            be written to; or no object could be made.
    """
    root = Path(root)
    # Pictures are numbered through: with other objects a number would be of another picture.
    ids = hashlib.sha256("\n".join(job.entry.id for job in jobs).encode()).hexdigest()
    settings = {"maquette_made": 1, "layout": "pix3d", "objects": ids, **asdict(config)}
    check_made(root, SETTINGS_FILE, settings)
    with as_bad_input(root, OSError, say="cannot be written"):
        root.mkdir(exist_ok=True)
        is_new = not (root / SETTINGS_FILE).is_file()
        _write_json(root / SETTINGS_FILE, settings)
        places = {id(job): place for place, job in enumerate(jobs)}
        rows: dict[int, list[dict[str, Any]]] = {}

        def make(job: Job) -> bool:
            place = places[id(job)]
            rows[place], made = _make(job, place, root, config)
            return made

        done = list(run_jobs(jobs, make, threads, progress))
        if not rows:
            if is_new:
                (root / SETTINGS_FILE).unlink()
                with suppress(OSError):
                    root.rmdir()
            first = next((f"; {s.path}: {s.reason}" for _, s in done if isinstance(s, Problem)), "")
            raise BadInput(root, f"none of {len(jobs)} meshes can be used{first}")
        table = [row for place in sorted(rows) for row in rows[place]]
        for name in PIX3D_LISTS:
            for split in ("train", "test"):
                chosen = [row for row in table if held_out(row, name) == (split == "test")]
                _write_json(root / f"pix3d_{name}_{split}.json", list_of(chosen))
        _write_json(root / PIX3D_TABLE, table)
    return Made.of(done)


def _make(job: Job, place: int, root: Path, config: ScenesMakeConfig) -> tuple[list[dict[str, Any]], bool]:
    """Rows of the table for one object, and whether anything of it was missing."""
    mesh = _as_in_files(job)
    folder = root / "model" / job.category / job.model
    made = False
    if not (folder / "model.obj").is_file() or not (folder / "voxel.mat").is_file():
        made = True
        reach = float(mesh.verts_packed().abs().max())
        write_voxels(folder / "voxel.mat", voxelize(mesh, _CELLS, 2 * reach).solid()[0].numpy())
        save_mesh(mesh, folder / "model.obj")
    rows = []
    for taken in _views(job, mesh, place, config):
        image, mask = root / taken.path("img"), root / taken.path("mask")
        if not _is_there(image, taken.size) or not _is_there(mask, taken.size):
            made = True
            for path in (image, mask):
                path.parent.mkdir(parents=True, exist_ok=True)
            picture, covered = _picture(mesh, taken)
            save_image(covered, mask)
            save_image(picture, image)
        box = mask_box(load_mask(mask)[0])
        assert box is not None  # `load_mask` refuses black ones
        top, bottom, left, right = box
        rows.append(taken.row(job, (left, top, right, bottom)))
    return rows, made


def _as_in_files(job: Job) -> Meshes:
    """The mesh in the axes of Pix3D's files, its farthest vertex at .5."""
    mesh = job.load().mesh
    if mesh is None:
        raise ValueError("has no mesh")
    verts = mesh.verts_padded() @ torch.from_numpy(AXES.turn()).T
    return mesh.update_padded(verts * (0.5 / verts.norm(dim=2).max()))


def _views(job: Job, mesh: Meshes, place: int, config: ScenesMakeConfig) -> Iterator[Taken]:
    verts = mesh.verts_packed().double().numpy()
    for view in range(config.views):
        key = hashlib.sha256(f"{config.seed} {job.entry.id} {view}".encode()).digest()[:16]
        rng = np.random.Generator(np.random.Philox(key=int.from_bytes(key)))
        yield take(verts, job.category, place * config.views + view, config.size, rng)


def _picture(mesh: Meshes, taken: Taken) -> tuple[Float[Tensor, "3 height width"], Tensor]:
    """The object before a background, and which pixels show it for the most part."""
    height, width = taken.size
    R, t = (torch.from_numpy(array).float() for array in (taken.rotation, taken.translation))
    verts = mesh.verts_padded() @ R.T + t
    fine = (_FINER * height, _FINER * width)
    camera = PerspectiveCameras(
        focal_length=_FINER * taken.focal,
        principal_point=((fine[1] / 2, fine[0] / 2),),
        in_ndc=False,
        image_size=(fine,),
    )
    seen = render_views(mesh.update_padded(verts), camera, fine)
    alpha = avg_pool2d(seen.masks.float(), _FINER)
    colours = avg_pool2d(seen.images * seen.masks[:, None], _FINER) / alpha.clamp_min(1e-6)[:, None]
    randoms = torch.Generator().manual_seed(int(taken.numbers[0] * 2**53))
    rgba = torch.cat([colours[0] * (alpha > 0), alpha]).clamp(0, 1)
    return on_background(rgba, _BEHIND, taken.numbers[1:], None, randoms), alpha > 0.5


def _is_there(path: Path, size: tuple[int, int]) -> bool:
    try:
        return image_size(path) == (size[1], size[0])
    except BadInput:
        return False


def _write_json(path: Path, content: Any) -> None:
    with replacing(path, "w") as file:
        file.write(json.dumps(content, indent=1) + "\n")
