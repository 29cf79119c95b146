"""`maquette reconstruct`: pictures to shapes."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import tyro

from ..io.any_cameras_parse import known_cameras
from ..io.errors import BadInput
from ..io.image_files import image_fov
from ..io.local_path import local_path
from ..systems import DEFAULT, NAMES, about_system, shipped_weights
from ..systems.about import About
from ..systems.sweeps import FILMS, Sweep, parse_sweep
from ..training.weights_header import read_weights_header
from .console import Console
from .options import Compute, JsonFile, Out, Root, at_least, check_compute, option_of, parse, set_up
from .picture_input import (
    Box,
    Picture,
    Source,
    need_box,
    need_mask,
    need_object,
    need_picture,
    picture_files,
    sources_of_cameras,
)
from .refusals import Refusal, need_place, need_spared
from .weights_input import need_weights, usable

if TYPE_CHECKING:
    from ..reconstruct import PreparedViews
    from ..structures.views import Views

_MESHES = (".glb", ".obj", ".ply")


@dataclass(frozen=True, kw_only=True)
class Reconstruct(Root, Compute):
    """Reconstruct the object that one or several pictures show, and write a coloured mesh.

    Several pictures are taken for views of one object; with --each they are objects of their own, and OUT is a
    folder. Where the system needs it, the object is found by the picture's transparency, before a plain background,
    by the network that ships, else by GrabCut. Beside OUT appear <stem>_preview.png (picture, mask, reconstruction
    from the found viewpoint, two other sides), <stem>_report.json, and what else the system tells of it, such
    as <stem>_depth.png.
    Several objects in a picture become one scene, or with --each-object a file each.
    """

    images: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="IMAGE...")]
    """Pictures (PNG, JPEG, WebP, ...), or folders of them; or one folder with cameras (cameras.json, as `maquette
    render` writes it, transforms.json, COLMAP, Middlebury), whose pictures become a mesh in their world."""
    out: Out
    """The mesh to write: .glb, .obj or .ply; a folder with --each."""
    each: bool = False
    """Make a mesh of every picture."""
    each_object: bool = False
    """Write every object that is found in a picture to a file of its own, <stem>_<name>."""
    system: str | None = None
    """Which system reconstructs; when not given, that of the weights, the one that claims such pictures, or frustum
    for one picture of an object and r2n2 for several."""
    variant: str | None = None
    """Variant that the weights must be of."""
    weights: Annotated[Path | None, tyro.conf.arg(metavar="FILE|RUN")] = None
    """Weights file or folder of a run; the weights that ship with maquette when not given."""
    mask: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="[FILE ...]")] = ()
    """Masks of the object, one a picture: transparency or brightness."""
    box: Annotated[tuple[float, float, float, float] | None, tyro.conf.arg(metavar="X Y W H")] = None
    """Where the object is in the picture, for systems that cut it out: left, top, width and height in pixels."""
    relight: Annotated[str | None, tyro.conf.arg(metavar="FROM:TO")] = None
    """Write <stem>_relight.gif too: the object in a light that turns around it, by degrees: 0 is above, 90 to the
    right. For systems that tell light from colours."""
    turn: Annotated[str | None, tyro.conf.arg(metavar="FROM:TO")] = None
    """Write <stem>_turn.gif too: the object turning by degrees, from -90 to 90. For systems that see it from the
    front."""
    film: Literal["gif", "mp4"] | None = None
    """What --relight and --turn write: an endless .gif of few colours, or an .mp4; .gif when not given."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of what a system draws at random."""
    json: JsonFile = None
    """Write the report there too; `-` is stdout."""


class ReconstructRequest(NamedTuple):
    """What was asked for: options of the command, those of the system that is named, or of the default, and films."""

    options: Reconstruct
    about: About
    own: Any
    sweeps: Mapping[str, Sweep]
    up: str = "+Y"


def run(words: Sequence[str]) -> None:
    """Read the words and the pictures, then reconstruct."""
    request = _read_words(words)
    options = request.options
    _check(request)
    sources, up = _sources(options)
    request = request._replace(up=up)
    _check_out(options)
    read = [file for source in sources for file in (source.file, source.mask)]
    need_spared([*read, options.weights], [options.json])
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        make = _every if options.each else _one
        console.write_json(make(request, sources, console))


def _sources(options: Reconstruct) -> tuple[list[Source], str]:
    """The pictures, and which way is up in the world of their cameras."""
    first = options.images[0]
    known = known_cameras(first) if len(options.images) == 1 and first.is_dir() else None
    if known is not None and known.kind != "Pix3D":  # which has many objects
        if options.mask:
            raise Refusal(f"--mask: the masks are those that {known.path} names, if any")
        return sources_of_cameras(known.path, options.root)
    if options.root is not None:
        raise Refusal("--root goes with a folder with cameras, which name pictures")
    files = picture_files(options.images)
    if options.mask and len(options.mask) != len(files):
        raise Refusal(f"--mask: {len(options.mask)} masks for {len(files)} pictures")
    masks = [Path(local_path(mask, "mask")) for mask in options.mask] or (None,) * len(files)
    return [Source(file, mask) for file, mask in zip(files, masks, strict=True)], "+Y"


def _read_words(words: Sequence[str]) -> ReconstructRequest:
    """The command's options, with those of the system that is named, or has the weights, mounted beside them."""
    named = option_of(words, "--system")
    given = option_of(words, "--weights")
    weights = usable(None if given is None else Path(given), "--quiet" in words)
    if named is None and weights is not None:
        named = read_weights_header(weights).system
    try:
        about = about_system(named or DEFAULT)
    except KeyError as error:
        raise Refusal(f"--system {named}: {error.args[0]}") from error
    if "reconstruct" not in about.abilities:
        raise Refusal(f"--system {named}: makes no shapes of pictures")
    parsed: Any = parse(_with_own_options(about), words, "reconstruct")
    try:
        own = about.options(**{field.name: getattr(parsed, field.name) for field in fields(about.options)})
    except ValueError as error:
        raise Refusal(f"--{error}") from error
    return ReconstructRequest(replace(parsed, weights=weights), about, own, _sweeps(parsed))


def _sweeps(options: Reconstruct) -> dict[str, Sweep]:
    """The films that are asked for, by name."""
    sweeps = {}
    for name, reach in FILMS.items():
        if (text := getattr(options, name)) is not None:
            try:
                sweeps[name] = parse_sweep(text, reach)
            except ValueError as error:
                raise Refusal(f"--{name} {text}: {error}") from error
    if options.film and not sweeps:
        raise Refusal(f"--film {options.film}: goes with --{' or --'.join(FILMS)}")
    return sweeps


def _with_own_options(about: About) -> type[Reconstruct]:
    """The command's options and a system's, which judges its own later, so that it is heard in one line."""
    unjudged = {"__doc__": Reconstruct.__doc__, "__post_init__": lambda self: None}
    return dataclass(frozen=True, kw_only=True)(type("Reconstruct", (about.options, Reconstruct), unjudged))


def _check(request: ReconstructRequest) -> None:
    options = request.options
    if not options.images:
        raise Refusal("no picture is given")
    check_compute(options)
    at_least(0, seed=options.seed)
    _check_box(options)
    if not _left_open(options):
        _check_abilities(request)
        _check_weights(request)


def _check_box(options: Reconstruct) -> None:
    if options.box is None:
        return
    left, top, width, height = options.box
    if not (left >= 0 and top >= 0 and 0 < width < math.inf and 0 < height < math.inf):
        said = " ".join(f"{side:g}" for side in options.box)
        raise Refusal(f"--box {said}: use left, top, width and height in pixels of the picture")
    if options.each:
        raise Refusal("--box is for one picture, not for --each")


def _check_abilities(request: ReconstructRequest) -> None:
    """Refuse what the system cannot do."""
    asked = [*request.sweeps, *(["box"] if request.options.box else [])]
    for name in asked:
        if name not in request.about.abilities:
            able = [other.replace("_", "-") for other in NAMES if name in about_system(other).abilities]
            own = request.about.name.replace("_", "-")
            raise Refusal(f"--{name}: not with system {own}; --system {' or '.join(able)} can")


def _left_open(options: Reconstruct) -> bool:
    """Whether the pictures decide which system takes them."""
    return options.system is None and options.weights is None


def _chosen(request: ReconstructRequest, pictures: list[Picture], console: Console) -> ReconstructRequest:
    """The same for the system that takes the pictures; options that were given and that it lacks are refused."""
    if not _left_open(request.options):
        return request
    from ..reconstruct import choose_system
    from ..systems.pictures import as_views

    views = as_views([picture.pixels for picture in pictures], [picture.name for picture in pictures])
    name = choose_system(_with_known(views, pictures))
    if name != request.about.name:
        about, plain = about_system(name), request.about.options()
        given = {
            f.name: value
            for f in fields(plain)
            if (value := getattr(request.own, f.name)) != getattr(plain, f.name)
        }
        if lacks := sorted(given.keys() - {f.name for f in fields(about.options)}):
            raise Refusal(
                f"such pictures are {name}'s, which has no {', '.join(lacks)}; --system says otherwise"
            )
        console.say(f"such pictures are {name.replace('_', '-')}'s; --system says otherwise")
        request = request._replace(about=about, own=about.options(**given))
    _check_abilities(request)
    _check_weights(request)
    return request


def _check_weights(request: ReconstructRequest) -> None:
    """Refuse a variant that is none, and weights that are missing or of something else by their header.

    That is before torch is imported.
    """
    options, known = request.options, request.about.variants
    if options.variant not in (None, *known):
        raise Refusal(f"--variant {options.variant}: known are {', '.join(known)}")
    header = need_weights(request.about.name, options.weights)
    if options.variant not in (None, header.variant):
        weights = options.weights or shipped_weights(request.about.name)
        raise BadInput(weights, f"these are weights of variant {header.variant}, not of {options.variant}")


def _check_out(options: Reconstruct) -> None:
    need_place(options.out, () if options.each else _MESHES)
    if options.each and options.out.exists() and not options.out.is_dir():
        raise BadInput(options.out, "is a file; with --each the output is a folder")
    if options.each and options.out.suffix.lower() in _MESHES and not options.out.exists():
        raise BadInput(options.out, f"with --each the output is a folder: leave {options.out.suffix} out")


def _one(request: ReconstructRequest, sources: list[Source], console: Console) -> dict[str, Any]:
    pictures = [_read(source, request.options.box) for source in sources]
    request = _chosen(request, pictures, console)
    for picture in pictures:
        need_object(picture, request.about.needs_masks)
    _spare(sources, request, request.options.out)
    system = _load(request)
    return _make(system, request, _prepared(pictures, system), request.options.out, console)


def _every(request: ReconstructRequest, sources: list[Source], console: Console) -> dict[str, Any]:
    """A mesh of every picture; those that cannot be used are named and counted. The first decides which system."""
    options = request.options
    system, made, problems = None, [], []
    names = _distinct_stems([source.file for source in sources])

    def skip(problem: BadInput) -> None:
        problems.append(problem)
        console.say(f"skipped {problem}")

    for source, name in zip(sources, names, strict=True):
        out = options.out / f"{name}.glb"
        try:
            picture = _read(source)
            _spare(sources, request, out)
        except BadInput as problem:
            skip(problem)
            continue
        request = request if system else _chosen(request, [picture], console)
        try:
            need_object(picture, request.about.needs_masks)
        except BadInput as problem:
            skip(problem)
            continue
        system = system or _load(request)
        try:
            made.append(_make(system, request, _prepared([picture], system), out, console))
        except BadInput as problem:
            skip(problem)
    if not made:
        raise (
            problems[0]
            if len(problems) == 1
            else BadInput(
                problems[0].path, f"{problems[0].reason}; none of the {len(sources)} pictures could be used"
            )
        )
    if problems:
        console.say(f"{len(made)} pictures reconstructed, {len(problems)} skipped")
    skipped = [{"picture": problem.path, "reason": problem.reason} for problem in problems]
    return {"reconstructions": made, "skipped": skipped}


def _read(source: Source, box: Box | None = None) -> Picture:
    file, mask, camera = source
    pixels, inside = need_picture(file), None if mask is None else need_mask(mask)
    inner = None if box is None else need_box(file, pixels, box)
    return Picture(str(file), pixels, inside, image_fov(file), camera, inner)


def _load(request: ReconstructRequest) -> Any:
    options = request.options
    device = set_up(options)
    import torch

    from ..reconstruct import load_system

    torch.manual_seed(options.seed)
    return load_system(request.about.name, options.weights, options.variant, str(device))


def _prepared(pictures: list[Picture], system: Any) -> "PreparedViews":
    import torch

    from ..reconstruct import prepare_views

    masks = [None if p.mask is None else torch.from_numpy(p.mask)[None].float() for p in pictures]
    names = [p.name for p in pictures]
    prepared = prepare_views([p.pixels for p in pictures], masks, names, find=system.about.needs_masks)
    return replace(prepared, views=_with_known(prepared.views, pictures))


def _with_known(views: "Views", pictures: list[Picture]) -> "Views":
    """Views with what is known of the cameras that took them."""
    from ..io.camera_views import cameras_from_views
    from ..io.cameras_json import camera_view

    known = [camera_view(picture.camera) for picture in pictures if picture.camera is not None]
    cameras = cameras_from_views(known) if len(known) == len(pictures) else None
    boxes = [picture.box for picture in pictures]
    return replace(views, cameras=cameras, fovs=[picture.fov for picture in pictures], boxes=boxes)


def _make(
    system: Any, request: ReconstructRequest, prepared: "PreparedViews", out: Path, console: Console
) -> dict[str, Any]:
    """Reconstruct and write; the report, or with --each-object those of all objects."""
    from ..films import film
    from ..reconstruct import files_of, more_files, node_names, reconstruct, write

    up = request.up if prepared.views.cameras is not None else "+Y"
    objects = reconstruct(prepared, system, options=request.own)
    written = {out: objects}
    if request.options.each_object:
        places = [out.with_name(f"{out.stem}_{name}{out.suffix}") for name in node_names(objects)]
        written = {place: [made] for place, made in zip(places, objects, strict=True)}
    reports, kind = [], _film_format(request)
    for place, made in written.items():
        alone = made[0] if len(made) == 1 else None
        films = {name: film(system, alone, name, sweep) for name, sweep in request.sweeps.items() if alone}
        reports.append(write(made, prepared, place, up, films, kind))
        for file in files_of(place, more_files(alone.maps if alone else (), films, kind)):
            console.say(f"wrote {file}")
        _tell(reports[-1], console)
    return {"objects": reports} if request.options.each_object else reports[0]


def _film_format(request: ReconstructRequest) -> str:
    return request.options.film or "gif"


def _spare(sources: list[Source], request: ReconstructRequest, out: Path) -> None:
    """Refuse to write over a picture or a mask."""
    from ..reconstruct import files_of, more_files

    files = [file for source in sources for file in (source.file, source.mask)]
    more = more_files(request.about.maps, request.sweeps, _film_format(request))
    need_spared(files, files_of(out, more), "one of the pictures")


def _tell(report: dict[str, Any], console: Console) -> None:
    """What a person should know of a reconstruction beyond its files."""
    from ..segment import UNSURE

    for picture in report["pictures"]:
        sure = picture["mask_confidence"]
        if sure is not None and sure < UNSURE:
            doubt = "the mask is doubtful: the object hardly stands out; --mask gives another"
            console.say(f"{picture['picture']}: {doubt}")
        view = picture["view"]
        if view is not None:
            place = f"azimuth {view['azimuth']:.0f}, elevation {view['elevation']:.0f} degrees"
            sure = f"confidence {view['confidence']:.2f}, outlines agree to {view['silhouette_iou']:.2f}"
            console.say(f"{picture['picture']}: seen from {place} ({sure})")
    objects = report.get("objects", [report])
    for made in objects:
        if made is not report:
            score = f" ({made['score']:.2f})" if "score" in made else ""
            console.say(f"{made['name']}{score}: {made['faces']} faces")
        for remark in made.get("remarks", ()):
            console.say(remark)
    console.say(f"{report['faces']} faces, {_total(report['seconds']):.1f} s")


def _total(seconds: Mapping[str, float]) -> float:
    """Of the stages; the parts of a stage, <stage>_<part>, are in it."""
    stages = tuple(f"{name}_" for name in seconds)
    return sum(took for name, took in seconds.items() if not name.startswith(stages))


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
