"""From plain pictures of an object to a folder with cameras: by what can be matched, else by silhouettes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Any, Literal

import torch

from ..io.atomic_folder import replacing_folder
from ..io.camera_folder import Format
from ..io.colmap_model import SparsePoints
from ..io.errors import BadInput, as_bad_input
from ..io.json_text import json_text
from ..io.ply_write import ply_bytes
from ..poses.find import find_cameras
from ..poses.outlines import cameras_by_outlines
from ..poses.preview import preview_page, preview_sheet
from ..poses.silhouettes import PosesConfig
from ..poses.wanted import FoundCameras, SfmOptions, TooFewPlaced, Watch

if TYPE_CHECKING:
    from ..io.cameras_parse import CamerasData

By = Literal["sfm", "silhouettes"]
_ENOUGH = 2 / 3  # of the pictures, that structure from motion has to place
_FEWEST = 3


@dataclass(frozen=True)
class SceneOptions:
    """What is known of the pictures, and how their cameras are found.

    Attributes:
        by: "sfm" (structure from motion, `poses.find`) or "silhouettes" (`poses.outlines`); None takes the first, and
            the second where pycolmap is not installed or fewer than two thirds of the pictures are placed.
        rings: what is known of the cameras, for silhouettes.
        find_masks: whether features are looked for on the object alone, where no mask says which it is.
        cameras, lens: as `poses.sfm.SfmOptions` has them.
        fov: degrees along the longer side; None takes what the pictures say.
        size: pixels of the longer side at which features are looked for.
        seed: of what is drawn.
        threads: None takes all cores.
    """

    by: By | None = None
    rings: PosesConfig = field(default_factory=PosesConfig)
    find_masks: bool = False
    cameras: Literal["one", "each"] = "one"
    lens: Literal["none", "radial", "opencv"] = "radial"
    fov: float | None = None
    size: int = 1600
    seed: int = 0
    threads: int | None = None


def photo_scene(
    pictures: Sequence[Path],
    masks: Sequence[Path | None],
    out: Path,
    to: Format = "json",
    options: SceneOptions | None = None,
    watch: Watch = lambda stage, done, total: None,
    say: Callable[[str], None] = lambda line: None,
    title: str = "",
) -> dict[str, Any]:
    """Find the cameras of pictures, and write all that belongs to them into a folder, whole or not at all.

    Args:
        pictures: of one object, or of one scene around it.
        masks: a file for each, or None.
        out: the folder to write or replace.
        to: format of the cameras.
        options: what is known.
        watch: called with a stage of the work, what of it is done, and its whole.
        say: told why another way was taken.
        title: of the page; the pictures' folder where it is empty.

    Returns:
        the report that is written there, too: "source", and the numbers of `find_cameras` or `cameras_by_outlines`.

    Raises:
        BadInput: as these; two pictures, of which silhouettes tell no cameras, without pycolmap.
    """
    with replacing_folder(out) as folder:
        return fill_scene(pictures, masks, folder, to, options, watch, say, title)


def fill_scene(
    pictures: Sequence[Path],
    masks: Sequence[Path | None],
    folder: Path,
    to: Format = "json",
    options: SceneOptions | None = None,
    watch: Watch = lambda stage, done, total: None,
    say: Callable[[str], None] = lambda line: None,
    title: str = "",
) -> dict[str, Any]:
    """The same into an empty folder that is there; arguments and errors as for `photo_scene`."""
    options, title = options or SceneOptions(), title or pictures[0].parent.name
    matched = options.by == "sfm" or (options.by is None and find_spec("pycolmap") is not None)
    if options.by is None and not matched:
        if len(pictures) < _FEWEST:
            raise BadInput(pictures[0].parent, "two pictures are matched by pycolmap alone (extra sfm)")
        say("pycolmap, which matches pictures, is not installed (extra sfm); cameras are told by silhouettes")
    if matched:
        try:
            found = _by_matches(pictures, masks, folder, to, options, watch)
            return _written(folder, found, "structure from motion", title)
        except TooFewPlaced as few:
            if options.by is not None or len(pictures) < _FEWEST:
                raise
            say(f"{few.reason}; cameras are told by silhouettes")
    for entry in folder.iterdir():  # what was written of too few pictures
        rmtree(entry) if entry.is_dir() else entry.unlink()
    found = cameras_by_outlines(pictures, masks, folder, to, options.rings, options.fov, options.seed, watch)
    return _written(folder, found, "silhouettes", title)


def _by_matches(
    pictures: Sequence[Path],
    masks: Sequence[Path | None],
    folder: Path,
    to: Format,
    options: SceneOptions,
    watch: Watch,
) -> FoundCameras:
    """By structure from motion; where nobody insists on it, only if it places enough pictures.

    Raises:
        TooFewPlaced: it does not.
    """
    sfm = SfmOptions(options.cameras, options.lens, options.fov, options.seed, options.threads)
    found = find_cameras(pictures, masks, folder, to, sfm, options.find_masks, options.size, watch)
    placed = found.facts["placed"]
    if options.by is None and len(pictures) >= _FEWEST and placed < _ENOUGH * len(pictures):
        reason = f"only {placed} of {len(pictures)} pictures could be placed by what they share"
        raise TooFewPlaced(pictures[0].parent, reason)
    return found


def _written(folder: Path, found: FoundCameras, source: str, title: str) -> dict[str, Any]:
    report = {"source": source, **found.facts}
    write_views_of(folder, found.data, found.points, title, report)
    return report


def write_views_of(
    folder: Path, data: "CamerasData", points: SparsePoints, title: str, report: dict[str, Any]
) -> None:
    """Write sparse points, pictures and page of cameras, and the report, into their folder."""
    with as_bad_input(folder, OSError, say="cannot be written"):
        if len(points):
            colours = torch.from_numpy(points.rgb / 255)
            content = ply_bytes(torch.from_numpy(points.xyz), verts_colors=colours, colors_as_uint8=True)
            (folder / "points.ply").write_bytes(content)
        (folder / "cameras.png").write_bytes(preview_sheet(data.views, points))
        (folder / "cameras.html").write_text(preview_page(data.views, points, title), encoding="utf-8")
        (folder / "report.json").write_text(json_text(report), encoding="utf-8")
