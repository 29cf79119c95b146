"""`maquette demo`: the main jobs on what ships inside the package."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import tyro

from ..io.errors import BadInput
from ..systems import shipped_weights
from ..systems.sweeps import Sweep
from . import invent
from .console import Console
from .mold import show_result
from .options import Compute, JsonFile, check_compute, parse, set_up
from .refusals import Refusal, need_place
from .watching import Watch, live_page


class _Shown(NamedTuple):
    """A system, its pictures, what is put behind their names, what the system is told, and films of what it makes."""

    name: str
    pattern: str
    suffix: str
    told: dict[str, Any]
    films: dict[str, Sweep]


_SHOWN = (
    _Shown("frustum", "*.png", "", {}, {}),
    _Shown("mem3d", "hidden/*.png", "", {"show_memory": True}, {}),
    _Shown("mesh-rcnn", "table.png", "_mesh_rcnn", {"show_gates": True}, {}),
    _Shown("unsup3d", "faces/*.png", "", {}, {"relight": Sweep(0, 360)}),
)
_INVENTED_BY = ("stylegan2", "viewpoint")
_INVENTED = ("--seed", "7", "--views", "12", "--judging", "4")


@dataclass(frozen=True, kw_only=True)
class Demo(Compute):
    """Reconstruct the pictures that ship with maquette, invent a car, and mold the fox from 20 coloured pictures.

    Writes a coloured mesh, a preview and a report of every picture, one of them of a partly hidden object beside the
    remembered shapes that help to complete it, one by Mesh R-CNN with where it looked harder, one of a drawn face
    with its depth, colours and light apart and a film of it in turning light, a car that nobody has seen with the
    views, masks and cameras that it was made from, and a coloured fox.glb with a comparison of target, result and
    error, a turntable, a loss plot and a report, into a folder, which is made when it is missing; about a minute
    on two cores.
    """

    out: Annotated[Path, tyro.conf.arg(aliases=("-o",), metavar="DIR")] = Path("maquette_demo")
    """The folder to write into."""
    live: bool = False
    """Show the mesh deforming in the browser; the page stays until Ctrl-C."""
    port: Annotated[int, tyro.conf.arg(metavar="N")] = 8080
    """Port of the page of --live."""
    json: JsonFile = None
    """Write the reports there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, reconstruct the pictures, invent a car, then mold the fox."""
    options = parse(Demo, words, "demo")
    check_compute(options)
    if not 1 <= options.port <= 65535:
        raise Refusal(f"--port {options.port}: use 1 to 65535")
    need_place(options.out)
    if options.out.exists() and not options.out.is_dir():
        raise BadInput(options.out, "is a file; the output is a folder")
    asked = _asked(options)
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        device = str(set_up(options))
        made = [report for shown in _SHOWN for report in _reconstruct(shown, options.out, device, console)]
        invented = _invent(asked, console)
        console.write_json(
            {"reconstructions": made, "invention": invented, "molding": _mold(options, device, console)}
        )


def _reconstruct(shown: _Shown, out: Path, device: str, console: Console) -> list[dict[str, Any]]:
    """A mesh of every picture that ships and has such a name; none where no weights do."""
    from ..films import film
    from ..reconstruct import files_of, load_system, more_files, prepare_views, reconstruct, write

    try:
        system = load_system(shown.name, device=device)
    except BadInput as problem:
        console.say(f"no pictures are reconstructed by {shown.name}: {problem.reason}")
        return []
    reports = []
    with as_file(files("maquette") / "assets" / "pictures") as folder:
        pictures = sorted(folder.glob(shown.pattern))
        with console.progress("reconstructing", len(pictures)) as advance:
            for number, picture in enumerate(pictures):
                seen = prepare_views(picture, find=system.about.needs_masks)
                mesh = out / f"{picture.stem}{shown.suffix}.glb"
                (shape,) = reconstruct(seen, system, options=system.about.options(**shown.told))
                films = {kind: film(system, shape, kind, sweep) for kind, sweep in shown.films.items()}
                reports.append(write(shape, seen, mesh, films=films))
                advance(number + 1, picture.stem)
                for file in files_of(mesh, more_files(shape.maps, films)):
                    console.say(f"wrote {file}")
    return reports


def _asked(options: Demo) -> invent.Asked | None:
    """A car that nobody has seen, as `maquette invent` is asked for it; None where no weights ship."""
    if not all(shipped_weights(name).is_file() for name in _INVENTED_BY):
        return None
    out = options.out / "invented.glb"
    return invent.read_asked(("car", "-o", str(out), *_INVENTED, "--device", options.device, "--quiet"))


def _invent(asked: invent.Asked | None, console: Console) -> dict[str, Any]:
    if asked is None:
        console.say("nothing is invented: no weights ship with this version")
        return {}
    return invent.make(asked, console)


def _mold(options: Demo, device: str, console: Console) -> dict[str, Any]:
    from ..systems.molding import demo
    from ..systems.molding.silhouettes import SilhouettesConfig

    steps = demo.OPTIONS.steps or SilhouettesConfig.default().steps
    with live_page(console, options.port if options.live else None) as page:
        with console.progress("molding", steps) as advance:
            written = demo.run(options.out, Watch(advance, page), device)
        return show_result(written, console)
