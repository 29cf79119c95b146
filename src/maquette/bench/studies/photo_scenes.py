"""What `maquette mold` makes of photographs of an object in a room: drawn ones, of which all is known.

    python -m maquette.bench.studies.photo_scenes --scenes DIR --sheets DIR --json FILE

Six objects (painted or nearly plain, thin, hollow) stand on a table or a floor in a room with other things, and are
seen along an uneven ring by somebody with a telephone: 12 pictures of 1,500 pixels with blur, noise and JPEG
(`drawn_rooms`, `room_pictures`). Only the pictures are given. Found cameras are brought to the true ones by the
similarity that fits the places of most of them; the object's diagonal is 1. A camera is wrong that is 3 degrees or a
tenth off. Seconds are those of all threads, of the process of one scene each; those of structure from motion, which
are pycolmap's own, are told apart.
"""

import argparse
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean, median
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from ...compose.photo_scene import SceneOptions
from ...compose.photo_target import photo_target
from ...io import load_image, load_mask, load_mesh, read_cameras, save_image
from ...io.cameras_json import CameraFile
from ...io.errors import BadInput, as_bad_input
from ...poses.join import robust_similarity
from ...segment import Found
from ...segment.sheet import mask_sheet
from ...structures import Meshes
from ...structures.mask_box import mask_overlap
from ...systems.molding.hull import hull_mesh
from ...systems.molding.job import MoldOptions, mold
from ...systems.molding.outputs import preview
from ...systems.molding.pictures import load_pictures
from ...systems.molding.points import score_points
from ...systems.molding.silhouettes import find_ball
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json
from .drawn_rooms import KINDS
from .room_pictures import LONGER, Taken, take_pictures

_WRONG_DEG, _WRONG_PLACE = 3.0, 0.1
_PYCOLMAP = ("features", "matching", "mapping")
_WIDE = 1536  # pixels of a sheet


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Run the study; returns its numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("--scenes", type=Path, required=True, help="where scenes are drawn, if not there yet")
    parser.add_argument("--only", nargs="+", choices=[kind.name for kind in KINDS], help="of the scenes")
    parser.add_argument("--views", type=int, default=12, help="pictures of a scene")
    parser.add_argument("--longer", type=int, default=LONGER, help="pixels of a picture's longer side")
    parser.add_argument("--steps", type=int, help="of molding; its own number when not given")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--sheets", type=Path, help="a folder for a picture of each scene")
    options = parser.parse_args(words)
    rows: list[dict[str, Any]] = []
    numbers: dict[str, Any] = {"machine": describe_machine(torch.device("cpu")), "views": options.views}
    for seed, kind in enumerate(KINDS):
        if options.only is None or kind.name in options.only:
            taken = take_pictures(kind, options.scenes / kind.name, options.views, seed, options.longer)
            with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # so that its memory is one scene's
                row = apart.submit(measure, taken, options.scenes / kind.name, options).result()
            rows.append({"scene": kind.name, **row})
            print(rows[-1], flush=True)
            write_json(options.json, numbers | {"summary": summary(rows), "rows": rows})
    print(summary(rows))
    return numbers | {"summary": summary(rows), "rows": rows}


def measure(taken: Taken, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Mold the pictures of a scene, and judge what comes out.

    Args:
        taken: the pictures.
        folder: for what is made, in `made/`.
        options: of the study.
    """
    torch.set_num_threads(options.threads)
    shutil.rmtree(folder / "made", ignore_errors=True)
    (folder / "made").mkdir()
    scene, out, clock = folder / "made" / "object_scene", folder / "made" / "object.glb", _Clock()
    files = sorted(taken.pictures.iterdir())
    wanted = SceneOptions(threads=options.threads)
    said: list[str] = []
    try:
        remarks = photo_target(files, scene, wanted, clock.stage, said.append).remarks
        clock.end("masks")
        choices = MoldOptions("silhouettes", steps=options.steps)
        mold(scene, out, choices, lambda *_: clock.end("steps", "start"), "cpu")
        clock.end("colours")
    except BadInput as problem:
        return {"failed": problem.reason, "said": said, "seconds": clock.seconds, "peak_gib": _peak()}
    row = judged(taken, scene, out)
    if options.sheets is not None:
        save_image(sheet(scene, out), options.sheets / f"{folder.name}.png")
    beside = sum(seconds for stage, seconds in clock.seconds.items() if stage not in _PYCOLMAP)
    return row | {
        "said": [*said, *remarks],
        "cpu_seconds": {stage: round(seconds, 1) for stage, seconds in clock.seconds.items()},
        "cpu_seconds_of_pycolmap": round(sum(clock.seconds.get(stage, 0) for stage in _PYCOLMAP), 1),
        "cpu_seconds_beside": round(beside, 1),
        "wall_seconds": round(time.perf_counter() - clock.began, 1),
        "peak_gib": _peak(),
    }


def _peak() -> float:
    """GiB that this process held at most."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


class _Clock:
    """CPU seconds of all threads, by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.began, self._last = time.perf_counter(), time.process_time()

    def stage(self, stage: str, done: int, total: int) -> None:
        """What `photo_target` calls after each part of a stage, and before one that has no parts."""
        self.end("previews" if done == 0 else stage)

    def end(self, stage: str, first: str | None = None) -> None:
        """Something was done; the first time perhaps something else, too."""
        now = time.process_time()
        name = stage if first is None or first in self.seconds else first
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._last
        self._last = now


def judged(taken: Taken, scene: Path, out: Path) -> dict[str, Any]:
    """Cameras, masks and mesh beside the true ones.

    Args:
        taken: what is true.
        scene: the folder with what was found.
        out: the mesh.
    """
    true = read_cameras(taken.truth / "cameras.json", root=taken.pictures.parent)
    found = read_cameras(scene / "cameras.json")
    numbers: dict[str, Any] = {"pictures": len(true), "placed": len(found)}
    pairs = list(_pairs(true, found))
    scale, turn, shift = robust_similarity(_places(b for _, b in pairs), _places(a for a, _ in pairs))
    errors = [_degrees(b.R.numpy() @ turn.T, a.R.numpy()) for a, b in pairs]
    off = _places(a for a, _ in pairs) - scale * _places(b for _, b in pairs) @ turn.T - shift
    away = np.linalg.norm(off, axis=1)
    ious = [
        mask_overlap(load_mask(a.mask) > 0.5, load_mask(b.mask) > 0.5) for a, b in pairs if a.mask and b.mask
    ]
    mesh = load_mesh(out)
    verts = scale * mesh.verts_packed().double() @ torch.from_numpy(turn).T + torch.from_numpy(shift)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        chamfer, f1 = score_points(
            Meshes([verts.float()], mesh.faces_list()), load_mesh(taken.truth / "object.ply")
        )
    return numbers | {
        "wrong": int(((np.array(errors) > _WRONG_DEG) | (away > _WRONG_PLACE)).sum()),
        "rotation_deg": round(median(errors), 3),
        "rotation_deg_most": round(max(errors), 3),
        "place": round(float(np.median(away)), 4),
        "up_deg": round(float(np.degrees(np.arccos(np.clip(turn[1, 1], -1, 1)))), 2),
        "mask_iou": round(fmean(ious), 4),
        "mask_iou_least": round(min(ious), 4),
        "chamfer_x100": round(100 * chamfer, 4),
        "f1": round(f1, 4),
    }


def _pairs(true: CameraFile, found: CameraFile) -> Iterator[tuple[Any, Any]]:
    """Views of the same picture: the true one, and the one that was found."""
    known = {view.image.name: view for view in true.views if view.image is not None}
    yield from ((known[view.image.name], view) for view in found.views if view.image is not None)


def _places(views: Iterator[Any]) -> np.ndarray:
    return np.stack([-view.R.numpy().T @ view.t.numpy() for view in views])


def _degrees(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip((np.trace(a @ b.T) - 1) / 2, -1, 1))))


def sheet(scene: Path, out: Path) -> Tensor:
    """Pictures, their masks, cameras, their hull and the mesh from four sides, and the mesh beside the pictures.

    Args:
        scene: the folder with what was found.
        out: the mesh, beside which its pictures are.
    """
    views = read_cameras(scene / "cameras.json").views[:8]
    images = [load_image(view.image)[:3].permute(1, 2, 0).numpy() for view in views if view.image]
    masks = [load_mask(view.mask).float() for view in views if view.mask]
    whole = mask_sheet(images, [Found(torch.ones_like(mask), "given", 1.0) for mask in masks])
    cut = mask_sheet(images, [Found(mask, "given", 1.0) for mask in masks])
    rows = [whole, cut, load_image(scene / "cameras.png")[:3]]
    with suppress(BadInput):  # masks that do not meet have no hull
        rows.append(preview(hull_of(scene)))
    rows += [
        load_image(out.with_name(f"{out.stem}_preview.png"))[:3],
        load_image(out.with_name(f"{out.stem}_compare.png"))[:3],
    ]
    return torch.cat([_wide(row) for row in rows], dim=1)


def hull_of(scene: Path) -> Meshes:
    """The visual hull of all masks of a folder.

    Raises:
        BadInput: they have no place in common.
    """
    pictures = load_pictures(scene)
    with as_bad_input(scene, ValueError):
        frame = find_ball(pictures.cameras, pictures.masks)
        return hull_mesh(pictures.masks, pictures.cameras, frame)


def _wide(row: Tensor) -> Tensor:
    pixels = row.permute(1, 2, 0).numpy()
    height = round(_WIDE * pixels.shape[0] / pixels.shape[1])
    return torch.from_numpy(cv2.resize(pixels, (_WIDE, height), interpolation=cv2.INTER_AREA)).permute(
        2, 0, 1
    )


def summary(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Means over the scenes of which a mesh was made."""
    made = [row for row in rows if "failed" not in row]
    names = ("mask_iou", "chamfer_x100", "f1", "cpu_seconds_beside", "cpu_seconds_of_pycolmap")
    mean: Callable[[str], float] = lambda name: round(fmean(row[name] for row in made), 4)  # noqa: E731
    return {
        "scenes": len(rows),
        "failed": len(rows) - len(made),
        "pictures": sum(row["pictures"] for row in made),
        "placed": sum(row["placed"] for row in made),
        "wrong": sum(row["wrong"] for row in made),
        **({name: mean(name) for name in names} if made else {}),
        "peak_gib": max((row["peak_gib"] for row in rows), default=0.0),
    }


if __name__ == "__main__":
    run_study(main)
