"""`maquette COMMAND ...`: finds the command, runs it, and turns what happens into an exit code.

0 done; 1 anything that is not foreseen; 2 wrong flag or word; 3 bad input, or a package that is not installed; 130
after Ctrl-C, 143 after SIGTERM. A problem is one line on stderr; with MAQUETTE_TRACEBACK=1 in the environment an
unforeseen one shows where it came from.
"""

import difflib
import errno
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from .. import __version__
from ..io.ending import Terminated, polite_end
from ..io.errors import BadInput, LeftOut
from ..io.printable import printable
from ..systems import NAMES, about_system, own_command
from ..systems.about import Command
from .extras import MissingPackage
from .refusals import Refusal
from .words import HELP

_ORDINARY_FORMAT = warnings.formatwarning
COMMANDS = {
    "demo": "reconstruct the pictures that ship with maquette and mold its fox, into ./maquette_demo",
    "reconstruct": "a picture, or several of one object, to a coloured mesh",
    "segment": "masks of the objects that pictures are about",
    "mold": "shape a sphere until it matches a mesh, or pictures with cameras",
    "render": "pictures, masks, depth and cameras.json of a mesh",
    "cameras": "cameras of pictures: converted between formats, or found by structure from motion",
    "voxelize": "solid occupancy of a mesh, as a binvox file",
    "view": "show a mesh, a voxel grid or a folder with cameras in the browser",
    "data": "data sets: list, make, pack, check, prepare",
    "backbone": "first weights of networks for features of pictures: import",
    "convert": "official weights of a published system to a weights file of maquette",
    "train": "from a folder of meshes, or pictures with shapes, to the weights of a system",
    "evaluate": "score weights on held-out pictures, under a named protocol",
    "compare": "runs side by side: settings, losses, scores, per class too",
    "generate": "pictures from a generator's weights, grids of mixed ones, and the one nearest to a given picture",
    "invent": "a shape that nobody has seen: a generator's views of one object to a coloured mesh",
    "encoder": "a network that tells what a generator's picture is made of, for generate --project",
    "view-codes": "what shows anything that a generator invents from known sides, for generate --views and invent",
    "memory": "what a network remembers: show, list, add, drop",
    "info": "parameters, multiply-accumulates and shapes of a system's network",
    "export": "a system's network as an ONNX file, which runs without maquette and torch",
    "bench": "time operators and networks on this machine, each beside plain torch",
    "doctor": "versions, devices and caches; what is missing and how to get it",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code.

    Args:
        argv: words after `maquette`; those the process was started with by default.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    # Idle OpenMP threads would spin on the cores that the kernels need; has to be set before torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    warnings.formatwarning = _format_warning
    try:
        with polite_end():
            code = _dispatch(words)
            sys.stdout.flush()
        return code
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except KeyboardInterrupt as end:
        _complain("interrupted")
        return 143 if isinstance(end, Terminated) else 130
    except Exception as error:
        return _explain(error)


def entry() -> None:
    """The command as a process of its own, which is gone at once after Ctrl-C: an interpreter with torch in it takes
    seconds to end, half a minute on a busy machine."""
    code = main()
    if code not in (130, 143):
        sys.exit(code)
    for child in sys.modules["multiprocessing"].active_children() if "multiprocessing" in sys.modules else ():
        child.terminate()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _format_warning(message: Warning | str, category: type[Warning], *rest: Any, **more: Any) -> str:
    """What is left out of a file as one line, as errors are; other warnings as ever."""
    if issubclass(category, LeftOut):
        return f"maquette: {message}\n"
    return _ORDINARY_FORMAT(message, category, *rest, **more)


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in (*HELP, "help"):
        print(_overview())
        return 0 if words else 2
    if words[0] == "--version":
        print(f"maquette {__version__}")
        return 0
    name, *rest = words
    own = _of_systems()
    known = [*COMMANDS, *own]
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        raise Refusal(f"there is no command {name!r}; {hint}")
    try:
        if name in own:
            own_command(own[name][0], own[name][1].where)(rest)
        else:
            import_module(f".{name.replace('-', '_')}", __package__).run(rest)
    except SystemExit as end:  # the parser's way to end after --help, or after it has said what is wrong
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _of_systems() -> dict[str, tuple[str, Command]]:
    """Commands that systems bring, by name: the system's name, and the command."""
    return {
        name: (system, command) for system in NAMES for name, command in about_system(system).commands.items()
    }


def _overview() -> str:
    known = COMMANDS | {name: command.summary for name, (_, command) in _of_systems().items()}
    width = max(map(len, known)) + 2
    lines = [f"  {name:<{width}}{what}" for name, what in known.items()]
    return "\n".join(
        [
            f"maquette {__version__}: pictures to 3D shapes",
            "",
            "usage: maquette COMMAND ...",
            "",
            *lines,
            "",
            "`maquette COMMAND --help` explains each.",
        ]
    )


def _explain(error: Exception) -> int:
    if isinstance(error, BadInput | MissingPackage):
        _complain(str(error))
        return 3
    if isinstance(error, OSError) and error.errno == errno.ENAMETOOLONG:  # wherever it was first looked at
        _complain(f"{error.filename}: {error.strerror}")
        return 3
    if isinstance(error, Refusal):
        _complain(str(error))
        return 2
    if os.environ.get("MAQUETTE_TRACEBACK"):
        traceback.print_exception(error)
    else:
        text = " ".join(str(error).split())
        _complain(f"{type(error).__name__}: {text} (MAQUETTE_TRACEBACK=1 shows more)")
    return 1


def _complain(text: str) -> None:
    sys.stderr.write(f"maquette: {printable(text)}\n")
    sys.stderr.flush()
