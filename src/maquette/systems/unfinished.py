"""Weights of a run that has not ended: those of its newest sound checkpoint."""

from collections.abc import Callable
from pathlib import Path

from ..io.errors import BadInput, as_bad_input
from ..io.typed import typed
from ..training.run_folder import RunFolder
from ..training.state import read_state, restore_module
from . import system_class, system_recipes


def write_unfinished(path: Path, say: Callable[[str], None]) -> tuple[Path, int]:
    """Write the weights of a run's newest checkpoint that can be read into its folder: the file, and its steps.

    The run may be going on meanwhile: nothing that belongs to it is changed.

    Args:
        path: the folder of the run.
        say: told of checkpoints that cannot be read.

    Raises:
        BadInput: no checkpoint that can be used, or a run that is of no system.
    """
    run = RunFolder(path)
    about = run.read_config()
    name, recipe = about.get("system"), about.get("recipe")
    with as_bad_input(run.config_file, KeyError, ValueError, TypeError):
        kind = type(system_recipes(str(name))[str(recipe)]())
        config = typed(kind, about.get("config"))
        module = system_class(str(name)).training_module(config)
    found = run.newest(read_state, say, clear=False)
    if found is None:
        raise BadInput(path, "the run has no checkpoint yet")
    step, checkpoint = found
    restore_module(module, checkpoint, run.checkpoint(step))
    module.save_weights(run.unfinished, module.best_network, {"recipe": recipe, "steps_done": step})
    return run.unfinished, step
