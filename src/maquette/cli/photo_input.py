"""What commands that find cameras of pictures share: videos, the folder that is written, stages of the work."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..io.errors import BadInput
from ..io.image_files import VIDEO_SUFFIXES
from .console import Advance, Console
from .refusals import Refusal

_SETTLED = 2.0  # seconds
_PARTS = ("cameras.json", "transforms.json", "sparse", "images", "masks", "points.ply", "cameras.png",
          "cameras.html", "report.json")  # fmt: skip


def need_fov(fov: float | None) -> None:
    """Refuse a field of view in degrees that no lens has; None passes."""
    if fov is not None and not 1 <= fov <= 150:
        raise Refusal(f"--fov {fov:g}: use 1 to 150 degrees")


def is_video(path: Path) -> bool:
    """Whether a path is a video's, by its name."""
    return path.suffix.lower() in VIDEO_SUFFIXES and not path.is_dir()


def need_free_folder(out: Path, photos: Sequence[Path], own: Sequence[str] = ()) -> None:
    """Refuse a place for pictures with cameras that holds anything else, or that pictures are read from.

    Args:
        out: the folder.
        photos: files and folders that are read.
        own: names that the command writes there, too.
    """
    for path in photos:
        place = path.resolve() if path.is_dir() else path.resolve().parent
        if place == out.resolve() or place.is_relative_to(out.resolve()):
            raise BadInput(out, "is where the pictures are; give the output another name")
    if not out.exists():
        return
    if not out.is_dir():
        raise BadInput(out, "is a file; the output is a folder")
    found = {entry.name for entry in out.iterdir()}
    if found and not ("report.json" in found and found <= {*_PARTS, *own}):
        raise BadInput(out, "is a folder with other files in it; it will not be replaced")


def need_unchanged(scene: Path) -> None:
    """Refuse to replace pictures with cameras that somebody has corrected since they were written."""
    report = scene / "report.json"
    if not report.is_file():
        return
    written = report.stat().st_mtime + _SETTLED
    changed = [path for path in scene.rglob("*") if path.is_file() and path.stat().st_mtime > written]
    if changed:
        what = changed[0].relative_to(scene)
        raise BadInput(scene, f"was changed ({what}) since it was written; mold it, or remove it")


@contextmanager
def stages(console: Console) -> Iterator[Any]:
    """A function that shows the progress of one stage after another."""
    with ExitStack() as stack:
        shown: tuple[str, Advance] | None = None

        def watch(stage: str, done: int, total: int, note: str = "") -> None:
            nonlocal shown
            if shown is None or shown[0] != stage:
                stack.close()
                shown = stage, stack.enter_context(console.progress(stage, total))
            shown[1](done, note)

        yield watch
