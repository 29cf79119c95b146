"""`maquette demo`: the main job on what ships inside the package."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..io.errors import BadInput
from .console import Console
from .mold import show_result
from .options import Compute, JsonFile, check_compute, parse, set_up
from .refusals import Refusal, need_place
from .watching import Watch, live_page


@dataclass(frozen=True, kw_only=True)
class Demo(Compute):
    """Mold the fox that ships with maquette from 20 coloured pictures of it.

    Writes a coloured fox.glb, a comparison of target, result and error, a turntable, a loss plot and a report
    into a folder, which is made when it is missing; about a minute on two cores.
    """

    out: Annotated[Path, tyro.conf.arg(aliases=("-o",), metavar="DIR")] = Path("maquette_demo")
    """The folder to write into."""
    live: bool = False
    """Show the mesh deforming in the browser; the page stays until Ctrl-C."""
    port: Annotated[int, tyro.conf.arg(metavar="N")] = 8080
    """Port of the page of --live."""
    json: JsonFile = None
    """Write the report there too; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then mold the fox."""
    options = parse(Demo, words, "demo")
    check_compute(options)
    if not 1 <= options.port <= 65535:
        raise Refusal(f"--port {options.port}: use 1 to 65535")
    need_place(options.out)
    if options.out.exists() and not options.out.is_dir():
        raise BadInput(options.out, "is a file; the output is a folder")
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        console.write_json(_demo(options, console))


def _demo(options: Demo, console: Console) -> dict:
    device = set_up(options)
    from ..systems.molding import demo
    from ..systems.molding.silhouettes import SilhouettesConfig

    steps = demo.OPTIONS.steps or SilhouettesConfig.default().steps
    with live_page(console, options.port if options.live else None) as page:
        with console.progress("molding", steps) as advance:
            written = demo.run(options.out, Watch(advance, page), str(device))
        return show_result(written, console)
