"""The words of `maquette train`: options of the command, and every field of a recipe as one more."""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from ..io.errors import BadInput, as_bad_input
from .options import Compute, Out
from .refusals import Refusal
from .train_init import find_initial, stored_initial
from .view_source import ShapesOrData

if TYPE_CHECKING:
    from ..training.initial import InitialWeights

DEFAULT_RECIPE = "best"
_SHORT = {
    "steps": ("training",),
    "batch": ("training",),
    "lr": ("training",),
    "seed": ("training",),
    "val_every": ("training",),
    "width": ("network",),
    "size": ("network", "views"),
}


@dataclass(frozen=True, kw_only=True)
class Train(ShapesOrData, Compute):
    """Train a system, from shapes that are drawn on the fly or from pictures on disk.

    RUN holds config.json, checkpoints, metrics.csv, TensorBoard's events, the evaluation on the test split, and
    weights.safetensors, which `reconstruct --weights RUN` and `evaluate SYSTEM RUN` read. Splits come from a
    manifest where there is one, else from a hash of the name. With --resume a run that was ended, in whatever way,
    goes on where its last checkpoint is, and on a CPU ends with the very bits of one that never was. Every setting of
    the recipe can be changed by its own option, listed below. With --init the network and the framing of pictures are
    those of the weights file, where no option says otherwise.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as r2n2."""
    out: Out
    """Folder of the run."""
    recipe: str | None = None
    """Settings to start from: original, seed001 or best (the default)."""
    variant: str | None = None
    """Of the system; the recipe's own when not given."""
    init: Annotated[str | None, tyro.conf.arg(metavar="FILE|RUN|shipped")] = None
    """Weights to start from instead of random ones: a file, a run's, or those that ship with maquette."""
    resume: bool = False
    """Go on with the run in RUN; start it where there is none yet."""
    steps: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Same as --training.steps; with --resume a run may be given another number, of at least those done."""
    batch: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Same as --training.batch."""
    lr: Annotated[float | None, tyro.conf.arg(metavar="X")] = None
    """Same as --training.lr."""
    seed: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Same as --training.seed: of the first weights, pictures and order."""
    width: Annotated[float | None, tyro.conf.arg(metavar="X")] = None
    """Same as --network.width: multiplies the numbers of channels."""
    size: Annotated[int | None, tyro.conf.arg(metavar="PIXELS")] = None
    """Side of the pictures: --network.size and --views.size at once."""
    val_every: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Same as --training.val-every."""
    max_minutes: Annotated[float | None, tyro.conf.arg(metavar="X")] = None
    """End after that time, all sessions of the run together, with a validation and weights."""
    workers: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Processes that make batches ahead: 2 when not given; 0 where a GPU draws the pictures."""
    processes: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Share each batch among N processes of this machine, each on a GPU of its own with --device cuda."""
    wandb: Annotated[str | None, tyro.conf.arg(metavar="PROJECT")] = None
    """Log to this project at Weights & Biases too."""
    no_evaluation: bool = False
    """Leave out the evaluation at the end."""


@dataclass(frozen=True)
class Settings:
    """What was asked for.

    Attributes:
        options: of the command.
        system: its name, with underscores.
        recipe: its name.
        config: the complete configuration.
        stored: `config.json` of the run that is resumed; None for a new run.
        initial: weights that the run starts from, or has started from; None for random ones.
    """

    options: Train
    system: str
    recipe: str
    config: Any
    stored: dict[str, Any] | None
    initial: "InitialWeights | None" = None


def read_settings(words: Sequence[str]) -> Settings:
    """Read the words; the recipe, or the run that is resumed, gives what they do not say.

    Raises:
        Refusal: words that make no sense, or that would change a run that is resumed.
        BadInput: a run that cannot be resumed, or weights that it cannot start from.
    """
    system = _system(words)
    recipes = _recipes(system)
    stored = _stored(words, system)
    recipe = _word(words, "--recipe") or (stored["recipe"] if stored else DEFAULT_RECIPE)
    if recipe not in recipes:
        raise Refusal(f"--recipe {recipe}: no such recipe of {system}; known are {', '.join(recipes)}")
    run = Path(_word(words, "--out", "-o") or "")
    given = _word(words, "--init")
    initial = find_initial(given, system) if stored is None else stored_initial(given, stored, run)
    kind, parts = _default(recipes[recipe], _word(words, "--variant"), stored, initial, run)
    parsed = _parse(words, parts)
    config = _configuration(parsed, kind, parts)
    if stored is not None:
        _need_same_run(parsed, recipe, kind(**parts), config, stored)
    return Settings(parsed, system, recipe, config, stored, initial)


def _system(words: Sequence[str]) -> str:
    from ..systems import NAMES

    named = [word for word in words[:1] if not word.startswith("-")] or [
        word for word in words if word.replace("-", "_") in NAMES
    ]
    system = named[0].replace("-", "_") if named else NAMES[0]  # for --help
    if system not in NAMES:
        raise Refusal(f"there is no system {named[0]!r}; known are {', '.join(NAMES)}")
    return system


def _recipes(system: str) -> dict[str, Callable[..., Any]]:
    """Recipes of a system, without importing what only training needs."""
    return import_module(f"..systems.{system}.recipes", __package__).RECIPES


def _word(words: Sequence[str], *names: str) -> str | None:
    """What stands behind an option, or is joined to its short name, before the words are read as a whole.

    Of several the last, as in that reading.
    """
    found = None
    for i, word in enumerate(words):
        name, equals, value = word.partition("=")
        if word in names:
            found = words[i + 1] if i + 1 < len(words) else found
        elif equals and name in names:
            found = value
        elif word[:2] in names:
            found = word[2:]
    return found


def _stored(words: Sequence[str], system: str) -> dict[str, Any] | None:
    """`config.json` of the run to resume; None where a new one is to start."""
    out = _word(words, "--out", "-o")
    if "--resume" not in words or out is None:
        return None
    from ..training.run_folder import RunFolder

    run = RunFolder(Path(out))
    if not run.config_file.exists():
        return None
    stored = run.read_config()
    if stored.get("system") != system:
        raise BadInput(run.config_file, f"is a run of {stored.get('system')}, not of {system}")
    missing = [name for name in ("recipe", "config", "data") if name not in stored]
    if missing:
        raise BadInput(run.config_file, f"is not the configuration of a run: no {missing[0]}")
    return stored


def _default(
    recipe: Callable[..., Any],
    variant: str | None,
    stored: dict[str, Any] | None,
    initial: "InitialWeights | None",
    run: Path,
) -> tuple[type, dict[str, Any]]:
    """The settings that the words may change: their class and its parts."""
    from ..training.typed import typed

    try:
        fresh = recipe() if variant is None else recipe(variant)
    except ValueError as error:
        raise Refusal(f"--variant {variant}: {error}") from error
    if stored is None and initial is not None:
        from ..training.initial import settings_with
        from ..training.weights_header import read_weights_header

        return type(fresh), settings_with(read_weights_header(initial.file), recipe, variant)
    if stored is not None:
        with as_bad_input(run / "config.json", ValueError):
            fresh = typed(type(fresh), stored["config"])
    return type(fresh), {field.name: getattr(fresh, field.name) for field in dataclasses.fields(fresh)}


def _parse(words: Sequence[str], parts: dict[str, Any]) -> Any:
    """Read the words into the command's options, with an attribute for each part of the configuration."""
    options = dataclasses.make_dataclass(
        "Train",
        [(name, type(part), dataclasses.field(default=part)) for name, part in parts.items()],
        bases=(Train,),
        frozen=True,
        kw_only=True,
    )
    options.__doc__ = Train.__doc__
    markers = (tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff)
    try:
        return tyro.cli(options, prog="maquette train", args=list(words), config=markers)
    except ValueError as error:
        raise Refusal(str(error)) from error


def _configuration(options: Any, kind: type, names: Iterable[str]) -> Any:
    """The configuration of its parts, changed by the short options, and judged only then."""
    parts = {name: getattr(options, name) for name in names}
    try:
        for name, places in _SHORT.items():
            value = getattr(options, name)
            for place in places if value is not None else ():
                if place not in parts:
                    raise Refusal(f"--{name}: {options.system} has no such setting")
                parts[place] = replace(parts[place], **{name: value})
        photos = getattr(parts.get("views"), "photos", None)
        if photos is not None:  # a run may be resumed from another folder
            parts["views"] = replace(parts["views"], photos=str(Path(photos).resolve()))
        return kind(**parts)
    except ValueError as error:
        raise Refusal(str(error)) from error


def _need_same_run(options: Train, recipe: str, default: Any, config: Any, stored: dict[str, Any]) -> None:
    """Refuse words that would make another run of the one that is resumed; it may end sooner or later."""
    if recipe != stored["recipe"]:
        raise Refusal(f"--recipe {recipe}: the run in {options.out} has recipe {stored['recipe']}")
    changed = [name for name in _differences(default, config) if name != "training.steps"]
    variant = getattr(getattr(config, "network", None), "variant", None)
    if options.variant not in (None, variant):
        changed.append("variant")
    if changed:
        raise Refusal(f"--resume goes on with the run as it is; it has another {', '.join(changed)}")
    from ..training.run_folder import RunFolder

    done = max(RunFolder(options.out).steps(), default=0)
    if config.training.steps < done:
        raise Refusal(f"--steps {config.training.steps}: the run in {options.out} has done {done} already")


def _differences(one: Any, other: Any, prefix: str = "") -> list[str]:
    """Names of the fields in which two configurations differ."""
    names = []
    for field in dataclasses.fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(a):
            names += _differences(a, b, f"{prefix}{field.name}.")
        elif a != b:
            names.append(prefix + field.name)
    return names
