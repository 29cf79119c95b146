"""Molding that starts from what a network makes of the pictures.

A few silhouettes leave much open. A network guesses it from the pictures; molding then brings the guess to the
silhouettes, and leaves what these do not show where it is.
"""

from os import PathLike
from pathlib import Path
from typing import Any

from .. import load
from ..io.any_cameras_parse import need_cameras
from ..io.errors import BadInput, as_bad_input
from ..lift.solid_surface import solid_surface
from ..structures import Meshes
from ..structures.views import Views
from ..systems import DEFAULT
from ..systems.molding.job import MoldOptions, Stages, Start, mold
from ..systems.molding.optimise import Watcher
from ..systems.molding.pictures import TargetPictures


def mold_from_pictures(
    target: Path,
    out: Path,
    options: MoldOptions,
    weights: str | PathLike[str] | None = None,
    watch: Watcher | None = None,
    device: str = "auto",
    system: str = DEFAULT,
    root: Path | None = None,
    stage: Stages = lambda name, done, total: None,
) -> list[Path]:
    """Mold what a system makes of a folder's pictures to their silhouettes, and write it as `mold` does.

    Args:
        target: a folder of pictures with cameras in a known format.
        out, options, watch, device, root, stage: as `systems.molding.job.mold` takes them.
        weights: of the system; None takes those that ship.
        system: that puts several pictures with cameras together, in the world of these.

    Returns:
        The files written, the mesh first.

    Raises:
        BadInput: as `mold`; weights that cannot be used, a view without a picture, or a single one.
    """
    loaded = load(system, weights, device=device)
    start = Start("pictures", lambda seen: _guess(loaded, seen, target))
    return mold(target, out, options, watch, device, start, root, stage)


def _guess(system: Any, pictures: TargetPictures, folder: Path) -> Meshes:
    """What the system makes of pictures, in the world of their cameras; closed and even, as molding needs it."""
    path = need_cameras(folder).path
    if pictures.images is None:
        raise BadInput(path, "a view has no picture, so that nothing can be made of them to start from")
    if len(pictures) < 2:
        raise BadInput(
            path, "one picture does not tell how large its object is: two are needed to start from"
        )
    views = Views(list(pictures.images), list(pictures.masks[:, None]), pictures.cameras, pictures.names)
    try:
        with as_bad_input(path, ValueError):
            return solid_surface(system.reconstruct(views)[0].mesh)
    except BadInput as problem:  # of a picture, which has no folder in its name
        raise (
            problem if problem.path == str(path) else BadInput(path, problem.reason, problem.path)
        ) from problem
