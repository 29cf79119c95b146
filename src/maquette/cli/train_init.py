"""`train --init`: whose weights a run starts from."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..io.errors import BadInput, as_bad_input
from .console import Console
from .refusals import Refusal

if TYPE_CHECKING:
    from torch import Tensor

    from ..training.initial import InitialWeights
    from ..training.module import TrainingModule

SHIPPED, RANDOM = "shipped", "none"
_MOST_NAMED = 6


def find_initial(given: str | None, system: str) -> "InitialWeights | None":
    """The weights file that --init names, judged by its header; None for random weights.

    Raises:
        BadInput: missing, broken, or of another system.
    """
    if given in (None, RANDOM):
        return None
    from ..systems import shipped_weights
    from ..training.initial import initial_weights
    from ..training.weights_header import read_weights_header

    path = shipped_weights(system) if given == SHIPPED else Path(str(given))
    return initial_weights(str(given), read_weights_header(path, system).file)


def stored_initial(given: str | None, stored: dict[str, Any], run: Path) -> "InitialWeights | None":
    """The weights file that a run started from, which is resumed; refuses another one."""
    from ..io.typed import typed
    from ..training.initial import InitialWeights

    about = stored.get("init")
    with as_bad_input(run / "config.json", ValueError):
        initial = None if about is None else typed(InitialWeights, about, "init")
    if given is not None and given != (RANDOM if initial is None else initial.given):
        first = "random weights" if initial is None else initial.given
        raise Refusal(f"--init {given}: the run in {run} started from {first}")
    return initial


def read_tensors(initial: "InitialWeights", system: str) -> "dict[str, Tensor]":
    """The tensors of the file, which the system itself has judged.

    Raises:
        BadInput: the file has changed, or cannot be used.
    """
    from ..systems import system_class

    initial.check()
    tensors: dict[str, Tensor] = system_class(system).load(initial.file).network.state_dict()
    return tensors


def start_from(
    module: "TrainingModule", initial: "InitialWeights", tensors: "dict[str, Tensor]", console: Console
) -> None:
    """Put the tensors of a file into a module, and say which of the module's are not from there.

    Raises:
        BadInput: none of them fits.
    """
    taken = module.start_from(tensors)
    if not taken.taken:
        raise BadInput(initial.file, "none of its tensors fits the network that is to be trained")
    said = [f"starting from {initial.given}: {len(taken.taken)} tensors"]
    if taken.fresh:
        said.append(f"not in it, or of another shape, and new: {_list(taken.fresh)}")
    if taken.unused:
        said.append(f"in it, and not in the network: {_list(taken.unused)}")
    console.say("; ".join(said))


def _list(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
