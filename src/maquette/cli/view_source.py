"""Where data come from: the options of it, judged before torch is imported, and opened with progress shown."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from ..data.recognise import PIX3D_LISTS, READ_AS_THEY_ARE, SPLIT_WORDS, recognise
from ..data.recognise import count_of_faces as count_faces
from ..data.recognise import count_of_families as count_families
from ..io.errors import BadInput
from .console import Advance, Console
from .refusals import Refusal

if TYPE_CHECKING:
    from ..data.open import DataPlace, Opened, SourceConfig, Watch
    from ..data.pack_data import ShapePack
    from ..data.problems import Problem


@dataclass(frozen=True, kw_only=True)
class ShapesOrData:
    """Shapes that are drawn on the fly, or pictures on disk."""

    shapes: Annotated[str | None, tyro.conf.arg(metavar="DIR|PACK|families[:N]|faces[:N]")] = None
    """Shapes to draw: a folder of meshes, a file of `data pack`, or N shapes of the built-in families; for systems
    that take single pictures, N people of the built-in faces."""
    data: Annotated[Path | None, tyro.conf.arg(metavar="DIR", aliases=("--pictures",))] = None
    """Pictures on disk: with voxels in the layout of ShapeNet R2N2, or single ones for systems that take those."""
    split_file: Annotated[str | None, tyro.conf.arg(metavar="FILE|sorted|s1|s2")] = None
    """Split of --data: ShapeNet.json of Pix2Vox, Mesh R-CNN's file, or the sorted 80/20 of 3D-R2N2; the
    folder's own ShapeNet.json where it is there, else sorted, when not given. Of Pix3D s1 or s2."""


def need_source(options: ShapesOrData) -> None:
    """Refuse none or both of --shapes and --data, and paths that cannot be what they should be."""
    if (options.shapes is None) == (options.data is None):
        raise Refusal("one of --shapes and --data is needed")
    if options.split_file is not None and options.data is None:
        raise Refusal("--split-file: goes with --data; shapes have their splits in MANIFEST.csv or the pack")
    if options.split_file not in (None, *SPLIT_WORDS) and not Path(str(options.split_file)).is_file():
        raise BadInput(str(options.split_file), "no such file")
    shapes = options.shapes
    if shapes is not None and count_built_in(shapes) is None and not Path(shapes).exists():
        raise BadInput(shapes, "no such folder or file")
    if options.data is not None:
        layout = recognise(options.data)
        if layout not in READ_AS_THEY_ARE:
            how = "pack its meshes with `maquette data prepare` or `data pack`, and give them as --shapes"
            raise BadInput(
                options.data, f"is of the layout {layout}, which has no pictures to train on; {how}"
            )
        fits = "pix3d" if options.split_file in PIX3D_LISTS else "r2n2"
        if options.split_file is not None and layout != fits:
            raise Refusal(f"--split-file: is of the layout {fits}; {options.data} is of the layout {layout}")


def count_of_families(shapes: str) -> int | None:
    """N of "families" or "families:N"; None for anything else; refuses a number that makes no sense."""
    try:
        return count_families(shapes)
    except ValueError as error:
        raise Refusal(str(error)) from error


def count_built_in(shapes: str) -> int | None:
    """N of the families or of the faces ("faces:N"); None for anything else; refuses a number that makes no sense."""
    try:
        faces = count_faces(shapes)
    except ValueError as error:
        raise Refusal(str(error)) from error
    return count_of_families(shapes) if faces is None else faces


def place_of(options: ShapesOrData) -> "DataPlace":
    """The same for `data.open`."""
    from ..data.open import DataPlace

    return DataPlace(options.shapes, options.data, options.split_file)


def open_source(
    place: "DataPlace",
    config: "SourceConfig",
    console: Console,
    needs: frozenset[str],
    side: int,
    seed: int = 0,
    wanted: frozenset[str] = frozenset(),
) -> "Opened":
    """`data.open.open_source`, with its progress shown."""
    from ..data import open as data

    count = None if place.shapes is None else data.count_of_meshes(place.shapes)
    with nullcontext() if count is None else console.progress("packing", count) as advance:
        return data.open_source(place, config, seed, needs, _watch(advance), side, wanted)


def open_shapes(shapes: str, console: Console, side: int) -> tuple["ShapePack", tuple["Problem", ...]]:
    """`data.open.open_shapes`, with its progress shown."""
    from ..data import open as data

    count = data.count_of_meshes(shapes)
    with nullcontext() if count is None else console.progress("packing", count) as advance:
        return data.open_shapes(shapes, watch=_watch(advance), side=side)


def _watch(advance: Advance | None) -> "Watch | None":
    return None if advance is None else lambda done, total, id: advance(done, id)
