"""`maquette reconstruct`: pictures to shapes."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.errors import BadInput, as_bad_input
from .console import Console
from .options import Compute, JsonFile, Out, at_least, check_compute, parse, set_up
from .picture_input import Picture, need_mask, need_object, need_picture, picture_files
from .refusals import Refusal, need_place

if TYPE_CHECKING:
    from ..reconstruct import Seen

_ASSETS = Path(__file__).parents[1] / "assets"
_MESHES = (".glb", ".obj", ".ply")
_UNSURE_MASK = 0.3

Pairs = list[tuple[Path, Path | None]]  # pictures and their masks


@dataclass(frozen=True, kw_only=True)
class Reconstruct(Compute):
    """Reconstruct the object that one or several pictures show, and write a coloured mesh.

    Several pictures are taken for views of one object; with --each they are objects of their own, and OUT is a
    folder. The object is found by the picture's transparency, before a plain background, else by GrabCut. Beside
    OUT appear <stem>_preview.png (picture, mask, reconstruction from the found viewpoint, two other sides) and
    <stem>_report.json.
    """

    images: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE...")]
    """Pictures (PNG, JPEG, WebP, ...), or folders of them."""
    out: Out
    """The mesh to write: .glb, .obj or .ply; a folder with --each."""
    each: bool = False
    """Make a mesh of every picture."""
    system: str = "r2n2"
    """Which system reconstructs."""
    variant: str | None = None
    """Variant that the weights must be of."""
    weights: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """Weights file or folder of a run; the weights that ship with maquette when not given."""
    mask: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="[FILE ...]")] = ()
    """Masks of the object, one a picture: transparency or brightness."""
    threshold: Annotated[float | None, tyro.conf.arg(metavar="P")] = None
    """Probability from which on a cell is solid; that of the weights when not given."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of what a system draws at random."""
    json: JsonFile = None
    """Write the report there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words and the pictures, then reconstruct."""
    options = parse(Reconstruct, words, "reconstruct")
    _check(options)
    files = picture_files(options.images)
    if options.mask and len(options.mask) != len(files):
        raise Refusal(f"--mask: {len(options.mask)} masks for {len(files)} pictures")
    _check_out(options)
    console = Console(options.quiet, options.json)
    masks = options.mask or (None,) * len(files)
    with console.stdout_for_numbers():
        pairs: Pairs = list(zip(files, masks, strict=True))
        console.write_json(_every(options, pairs, console) if options.each else _one(options, pairs, console))


def _check(options: Reconstruct) -> None:
    from ..systems import NAMES

    if not options.images:
        raise Refusal("no picture is given")
    check_compute(options)
    at_least(0, seed=options.seed)
    if options.system.replace("-", "_") not in NAMES:
        raise Refusal(f"--system {options.system}: there is no such system; known are {', '.join(NAMES)}")
    if options.threshold is not None and not 0 < options.threshold < 1:
        raise Refusal(f"--threshold {options.threshold}: use a number between 0 and 1")
    _check_weights(options)


def _check_weights(options: Reconstruct) -> None:
    """Refuse weights that are missing or of something else by their header, before torch is imported."""
    from ..training.weights_header import read_weights_header

    system = options.system.replace("-", "_")
    shipped = _ASSETS / f"{system}.safetensors"
    if options.weights is None and not shipped.is_file():
        raise BadInput(
            shipped, "no weights ship with this version; --weights names a file or the folder of a run"
        )
    weights = options.weights or shipped
    header = read_weights_header(weights, system)
    if options.variant not in (None, header.variant):
        raise BadInput(weights, f"these are weights of variant {header.variant}, not of {options.variant}")


def _check_out(options: Reconstruct) -> None:
    need_place(options.out, () if options.each else _MESHES)
    if options.each and options.out.exists() and not options.out.is_dir():
        raise BadInput(options.out, "is a file; with --each the output is a folder")


def _one(options: Reconstruct, pairs: Pairs, console: Console) -> dict[str, Any]:
    pictures = [_read(*pair) for pair in pairs]
    _spare(pairs, options.out)
    system = _load(options)
    return _make(system, _seen(pictures), options.out, console)


def _every(options: Reconstruct, pairs: Pairs, console: Console) -> dict[str, Any]:
    """A mesh of every picture; those that cannot be used are named and counted."""
    system, made, problems = None, [], []
    names = _distinct_stems([file for file, _ in pairs])
    for (file, mask), name in zip(pairs, names, strict=True):
        out = options.out / f"{name}.glb"
        try:
            picture = _read(file, mask)
            _spare(pairs, out)
            seen = _seen([picture])
        except BadInput as problem:
            problems.append(problem)
            console.say(f"skipped {problem}")
            continue
        system = system or _load(options)
        with as_bad_input(options.out, OSError, say="cannot be written"):
            options.out.mkdir(exist_ok=True)
        made.append(_make(system, seen, out, console))
    if not made:
        raise (
            problems[0]
            if len(problems) == 1
            else BadInput(
                problems[0].path, f"{problems[0].reason}; none of the {len(pairs)} pictures could be used"
            )
        )
    if problems:
        console.say(f"{len(made)} pictures reconstructed, {len(problems)} skipped")
    skipped = [{"picture": problem.path, "reason": problem.reason} for problem in problems]
    return {"reconstructions": made, "skipped": skipped}


def _read(file: Path, mask: Path | None) -> Picture:
    return need_object(Picture(str(file), need_picture(file), None if mask is None else need_mask(mask)))


def _load(options: Reconstruct) -> Any:
    device = set_up(options)
    import torch

    from ..reconstruct import load_system

    torch.manual_seed(options.seed)
    return load_system(options.system, options.weights, options.variant, str(device), options.threshold)


def _seen(pictures: list[Picture]) -> "Seen":
    import torch

    from ..reconstruct import find_objects

    masks = [None if p.mask is None else torch.from_numpy(p.mask)[None].float() for p in pictures]
    return find_objects([p.pixels for p in pictures], masks, [p.name for p in pictures])


def _make(system: Any, seen: "Seen", out: Path, console: Console) -> dict[str, Any]:
    from ..reconstruct import files_of, reconstruct, write

    report = write(reconstruct(seen, system)[0], seen, out)
    for file in files_of(out):
        console.say(f"wrote {file}")
    _tell(report, console)
    return report


def _spare(pairs: Pairs, out: Path) -> None:
    """Refuse to write over a picture or a mask."""
    from ..reconstruct import files_of

    read = {os.path.realpath(file) for pair in pairs for file in pair if file is not None}
    for file in files_of(out):
        if os.path.realpath(file) in read:
            raise BadInput(file, "is one of the pictures; give the output another name")


def _tell(report: dict[str, Any], console: Console) -> None:
    """What a person should know of a reconstruction beyond its files."""
    for picture in report["pictures"]:
        if picture["mask_confidence"] < _UNSURE_MASK:
            console.say(f"{picture['picture']}: the object hardly stands out; --mask gives its mask")
        view = picture["view"]
        if view is not None:
            place = f"azimuth {view['azimuth']:.0f}, elevation {view['elevation']:.0f} degrees"
            console.say(f"{picture['picture']}: seen from {place} (confidence {view['confidence']:.2f})")
    if report["colours"] == "mean":
        console.say("no viewpoint is sure: the mesh has the object's mean colour")
    if report["threshold_lowered"]:
        console.say(f"nothing reached the threshold; it was lowered to {report['threshold']:.3f}")
    console.say(f"{report['faces']} faces, {sum(_stages(report).values()):.1f} s")


def _stages(report: dict[str, Any]) -> dict[str, float]:
    """Seconds of the stages that follow each other; those of parts of a stage left out."""
    return {name: s for name, s in report["seconds"].items() if not name.startswith("lift_")}


def _distinct_stems(files: list[Path]) -> list[str]:
    """File names without suffix, numbered where several are the same."""
    taken: set[str] = set()
    stems = []
    for file in files:
        stem, number = file.stem, 1
        while stem in taken:
            number += 1
            stem = f"{file.stem}_{number}"
        taken.add(stem)
        stems.append(stem)
    return stems
