"""`maquette data make`: pictures, cameras and voxels of meshes, in the layout of ShapeNet R2N2 or of Pix3D."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import tyro

from ..io.errors import BadInput
from .console import Console
from .cores import usable_cores
from .options import Axes, Common, JsonFile, Out, at_least, mesh_axes, parse
from .refusals import Refusal, need_place
from .view_source import count_of_families

if TYPE_CHECKING:
    from ..data.make.jobs import Job
    from ..data.make.running import Made
    from ..data.mesh_axes import MeshAxes

_MOST_VIEWS, _LARGEST_SIZE = 1000, 2048
_MOST_PIXELS = 1 << 27  # of an object's pictures, which are in memory together
_MOST_NAMED = 20
_LEAST_SCENE = 16  # pixels of a picture somewhere in which an object can be seen


@dataclass(frozen=True, kw_only=True)
class Make(Common, Axes):
    """Pictures, cameras and voxels of meshes, in the layout of ShapeNet R2N2 or of Pix3D.

    In the layout r2n2 DIR gets ShapeNetRendering (RGBA pictures, transparent around the object, and their cameras),
    ShapeNetVox32 (solid voxels), splits (ShapeNet.json), the list of categories (shapenet_all.json) and SHA256SUMS:
    code written for the original data set can train on it. Sub-folders of MESHES are categories; a table
    MANIFEST.csv (columns file, category, split, family, up, front) may say more. Started again, it goes on where it
    was interrupted.

    In the layout pix3d DIR gets img (an object somewhere in each picture, before a background), mask, model (meshes
    and voxels), pix3d.json, and the lists of S1 and S2, which hold out pictures and models.
    """

    meshes: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="MESHES")]
    """Folder of .ply, .obj, .glb, .gltf, .off or .stl, or `families:N` for N built-in shapes."""
    out: Out
    """The folder to write, or to go on with."""
    layout: Literal["r2n2", "pix3d"] = "r2n2"
    """How files are laid out."""
    categories: Annotated[tuple[str, ...], tyro.conf.arg(metavar="WORD")] = ()
    """Only these; all when not given."""
    views: Annotated[int, tyro.conf.arg(metavar="N")] = 24
    """Pictures of each object."""
    size: Annotated[int, tyro.conf.arg(metavar="PIXELS")] = 137
    """Pixels a side; of the longer one with pix3d, whose pictures are not all square."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of the cameras, and the first shape of each family."""
    threads: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Objects that are worked on at once; one a core when not given."""
    json: JsonFile = None
    """Write counts, skipped files and seconds as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then write the folder."""
    options = parse(Make, words, "data make")
    at_least(1, views=options.views, size=options.size, threads=options.threads)
    at_least(0, seed=options.seed)
    if options.layout == "pix3d":
        at_least(_LEAST_SCENE, size=options.size)
    if options.views > _MOST_VIEWS or options.size > _LARGEST_SIZE:
        raise Refusal(f"at most --views {_MOST_VIEWS} and --size {_LARGEST_SIZE} are made")
    if options.views * options.size**2 > _MOST_PIXELS:
        raise Refusal(
            f"--views {options.views} --size {options.size}: that many pixels do not fit into memory"
        )
    shapes = count_of_families(options.meshes)
    if shapes is None and not Path(options.meshes).is_dir():
        there = Path(options.meshes).exists()
        raise BadInput(options.meshes, "is not a folder" if there else "there is no such folder")
    need_place(options.out)
    axes = mesh_axes(options)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_make(options, axes, shapes, console))


def _make(options: Make, axes: "MeshAxes", shapes: int | None, console: Console) -> dict[str, Any]:
    make = _pix3d(options, axes) if options.layout == "pix3d" else _r2n2(options, axes)
    jobs = _jobs(options, axes, shapes)
    began = time.perf_counter()
    with console.progress("making", len(jobs)) as advance:
        made = make(
            jobs,
            threads=options.threads or usable_cores(),
            progress=lambda done, total, name: advance(done, name),
        )
    seconds = time.perf_counter() - began
    for problem in made.skipped[:_MOST_NAMED]:
        console.say(f"skipped {problem.path}: {problem.reason}")
    if made.skipped:
        more = len(made.skipped) - _MOST_NAMED
        console.say(f"{len(made.skipped)} meshes were skipped" + (f", {more} not named" if more > 0 else ""))
    pictures = len(made.made) * options.views
    kept = f", {len(made.kept)} were there already" if made.kept else ""
    console.say(f"wrote {options.out}: {len(made.made)} objects, {pictures} pictures{kept}")
    return {
        "made": len(made.made),
        "kept": len(made.kept),
        "pictures": pictures,
        "seconds": round(seconds, 3),
        "skipped": [{"file": problem.path, "reason": problem.reason} for problem in made.skipped],
    }


def _r2n2(options: Make, axes: "MeshAxes") -> "Callable[..., Made]":
    from ..data.make.r2n2 import MakeConfig, check_root, make_r2n2

    config = MakeConfig(options.views, options.size, options.seed, axes)
    check_root(options.out, config)
    return partial(make_r2n2, root=options.out, config=config)


def _pix3d(options: Make, axes: "MeshAxes") -> "Callable[..., Made]":
    from ..data.make.pix3d import ScenesMakeConfig, make_pix3d

    config = ScenesMakeConfig(options.views, options.size, options.seed, axes)
    return partial(make_pix3d, root=options.out, config=config)


def _jobs(options: Make, axes: "MeshAxes", shapes: int | None) -> "list[Job]":
    from ..data.families import NAMES
    from ..data.make.jobs import jobs_of_families, jobs_of_folder

    chosen = options.categories
    if shapes:
        if unknown := [name for name in chosen if name not in NAMES]:
            raise Refusal(f"--categories {unknown[0]}: the families are {', '.join(NAMES)}")
        return jobs_of_families(shapes, options.seed, chosen or NAMES)
    jobs = [job for job in jobs_of_folder(options.meshes, axes) if not chosen or job.entry.category in chosen]
    if not jobs:
        raise BadInput(options.meshes, f"has no mesh of {', '.join(chosen)}")
    return jobs
