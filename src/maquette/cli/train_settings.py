"""The words of `maquette train`: options of the command, and every field of a recipe as one more."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import tyro

from ..data.recognise import count_of_grounds
from ..io.errors import BadInput, as_bad_input
from ..systems import NAMES, system_adopt, system_recipes
from ..training.choice import DEFAULT_RECIPE, Start
from ..training.config import as_computed
from .options import Compute, Out, parse_short, words_named
from .refusals import Refusal
from .train_init import SHIPPED, find_initial, stored_initial
from .view_source import ShapesOrData
from .words import HELP

if TYPE_CHECKING:
    from ..training.initial import InitialWeights

_PROGRAM = "maquette train"
_MARKERS = (tyro.conf.FlagCreatePairsOff, tyro.conf.HelptextFromCommentsOff)
_BOTH_WAYS = (tyro.conf.HelptextFromCommentsOff,)  # a run that is resumed takes --no-x where x is off already
_SHORT = {
    "steps": ("training",),
    "batch": ("training",),
    "lr": ("training",),
    "seed": ("training",),
    "val_every": ("training",),
    "width": ("network",),
    "size": ("network", "views"),
}
_FIRST = ("system", "shapes", "data", "out", "resume", "max_minutes", "steps", "init", "recipe", "device")


@dataclass(frozen=True, kw_only=True)
class Train(ShapesOrData, Compute):
    """Train a system, from shapes that are drawn on the fly or from pictures on disk.

    Without further words the network, its first weights and the length are chosen for this machine, for about an
    hour; what was chosen is said before the first step. With --recipe the settings are those of that name alone.
    RUN holds config.json, checkpoints, metrics.csv, TensorBoard's events, the evaluation on the test split, and
    weights.safetensors, which `reconstruct --weights RUN` and `evaluate SYSTEM RUN` read. Splits come from a
    manifest where there is one, else from a hash of the name. With --resume a run that was ended, in whatever way,
    goes on where its last checkpoint is, and on a CPU ends with the very bits of one that never was. Every setting of
    the recipe can be changed by its own option. With --init the network and the framing of pictures are
    those of the weights file, where no option says otherwise.
    """

    system: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="SYSTEM")]
    """Which system, such as r2n2."""
    out: Out
    """Folder of the run."""
    recipe: str | None = None
    """Settings to take as they are, such as original or best; nothing is chosen for the machine then."""
    variant: str | None = None
    """Of the system; the recipe's own when not given."""
    init: Annotated[str | None, tyro.conf.arg(metavar="FILE|RUN|shipped|none")] = None
    """Weights to start from: a file, a run's, those that ship with maquette, or none: random ones."""
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
    """Same as --network.width: multiplies the numbers of channels, or is one of them."""
    size: Annotated[int | None, tyro.conf.arg(metavar="PIXELS")] = None
    """Side of the pictures: --network.size and --views.size at once."""
    val_every: Annotated[int | None, tyro.conf.arg(metavar="N")] = None
    """Same as --training.val-every."""
    max_minutes: Annotated[float | None, tyro.conf.arg(metavar="X")] = None
    """Train for about that time: as many steps as fit, by a timed start (60 when neither this nor --steps nor
    --recipe is given). All sessions of the run together end behind it, with a validation and weights."""
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
        notice: what a person should know of them; empty where there is nothing.
        said: names of the training's settings that the words give.
        chosen: what was chosen for the machine, for `config.json`.
    """

    options: Train
    system: str
    recipe: str
    config: Any
    stored: dict[str, Any] | None
    initial: "InitialWeights | None" = None
    notice: str = ""
    said: frozenset[str] = frozenset()
    chosen: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether anything but the run's length may be chosen."""
        return self.stored is None and self.options.recipe is None

    @property
    def is_timed(self) -> bool:
        """Whether the length follows from the time that a step takes."""
        asked = self.options.recipe is None or self.options.max_minutes is not None
        return self.stored is None and asked and "steps" not in self.said


def read_settings(words: Sequence[str], start: Start | None = None) -> Settings:
    """Read the words; the recipe, or the run that is resumed, gives what they do not say.

    The command's own options are read first; they say whose settings the words that are left may change.

    Args:
        words: behind `train`.
        start: what a new run without a recipe begins with. Weights that ship are left where the words ask for another
            network than theirs.

    Raises:
        Refusal: words that make no sense, or that would change a run that is resumed.
        BadInput: a run that cannot be resumed, or weights that it cannot start from.
    """
    system, others = _system(words)
    recipes = system_recipes(system)
    if {*HELP} & set(words):
        named = next((word for word in words if word in recipes), DEFAULT_RECIPE)
        _explain(recipes[named](), "--help-all" in words)
    options, rest = tyro.cli(
        Train, prog=_PROGRAM, args=[system, *others], config=_MARKERS, return_unknown_args=True
    )
    stored = _stored(options, system)
    recipe = options.recipe or (stored["recipe"] if stored else start.recipe if start else DEFAULT_RECIPE)
    if recipe not in recipes:
        raise Refusal(f"--recipe {recipe}: no such recipe of {system}; known are {', '.join(recipes)}")
    if start is not None and start.shipped and options.init is None:
        initial = find_initial(SHIPPED, system)
        default = _default(recipes[recipe], options, stored, initial)
        config = _configuration(options, default, rest)
        if config.network == default.parts["network"] and options.variant is None:
            return Settings(options, system, recipe, config, None, initial, "", _said(words))
    initial = (
        find_initial(options.init, system)
        if stored is None
        else stored_initial(options.init, stored, options.out)
    )
    default = _default(recipes[recipe], options, stored, initial)
    config = _configuration(options, default, rest)
    asked, notice = config, ""
    if stored is not None:
        run, config = (
            _as_computed(one, options.device) for one in (type(default.whole)(**default.parts), asked)
        )
        _need_same_run(options, recipe, run, config, stored)
        notice = "" if config == asked else "precision 16 of this run is bf16, which is what a CPU computed"
    return Settings(options, system, recipe, config, stored, initial, notice, _said(words))


def _said(words: Sequence[str]) -> frozenset[str]:
    """Names of the training's settings that the words give, by their long or their short option."""
    short = {name for name, places in _SHORT.items() if "training" in places}
    names = words_named(words)
    long = {name.partition(".")[2] for name in names if name.startswith("training.")}
    return frozenset(long | (short & names))


def _as_computed(config: Any, device: str) -> Any:
    """Settings of a run that is there (`training.config.as_computed`)."""
    if config.training.precision == "16" and device == "auto":
        from ..structures.device import resolve_device

        device = str(resolve_device(device))
    return replace(config, training=as_computed(config.training, device.split(":")[0]))


def _system(words: Sequence[str]) -> tuple[str, list[str]]:
    """The system that is named, and the other words."""
    known = NAMES
    place = next((i for i, word in enumerate(words) if word.replace("-", "_") in known), None)
    if place is not None:
        return words[place].replace("-", "_"), [*words[:place], *words[place + 1 :]]
    if words and not words[0].startswith("-"):
        raise Refusal(f"there is no system {words[0]!r}; known are {', '.join(known)}")
    if not {*HELP} & set(words):
        raise Refusal(f"which system? known are {', '.join(known)}")
    return next(iter(known)), list(words)


def _stored(options: Train, system: str) -> dict[str, Any] | None:
    """`config.json` of the run to resume; None where a new one is to start."""
    from ..training.run_folder import RunFolder

    run = RunFolder(options.out)
    if not options.resume or not run.config_file.exists():
        return None
    stored = run.read_config()
    if stored["system"] != system:
        raise BadInput(run.config_file, f"is a run of {stored['system']}, not of {system}")
    return stored


class _Default(NamedTuple):
    """Settings that the words may change: as a whole of its kind, and the parts to start from."""

    whole: Any
    parts: dict[str, Any]


def _default(
    recipe: Callable[..., Any],
    options: Train,
    stored: dict[str, Any] | None,
    initial: "InitialWeights | None",
) -> _Default:
    from ..io.typed import typed

    variant = options.variant
    try:
        fresh = recipe() if variant is None else recipe(variant)
    except ValueError as error:
        raise Refusal(f"--variant {variant}: {error}") from error
    if stored is None and initial is not None:
        from ..training.initial import settings_with
        from ..training.weights_header import read_weights_header

        adopt = system_adopt(options.system)
        return _Default(fresh, settings_with(read_weights_header(initial.file), recipe, variant, adopt))
    if stored is not None:
        with as_bad_input(options.out / "config.json", ValueError):
            fresh = typed(type(fresh), stored["config"])
    return _Default(fresh, {field.name: getattr(fresh, field.name) for field in dataclasses.fields(fresh)})


def _of_kind(value: Any, own: Any) -> Any:
    """The value as the setting has it: a width is a factor in some systems, and a number of channels in others."""
    whole = isinstance(own, int) and isinstance(value, float) and value.is_integer()
    return int(value) if whole else value


def _configuration(options: Train, default: _Default, rest: Sequence[str]) -> Any:
    """The configuration with what the words and the short options change, and judged only then."""
    parts_of = _parts_class(default.parts, ())
    try:
        parsed: Any = tyro.cli(parts_of, prog=_PROGRAM, args=list(rest), config=_BOTH_WAYS)
        parts = {name: getattr(parsed, name) for name in default.parts}
        for name, places in _SHORT.items():
            value = getattr(options, name)
            for place in places if value is not None else ():
                if not hasattr(parts.get(place), name):
                    raise Refusal(f"--{name.replace('_', '-')}: {options.system} has no such setting")
                parts[place] = replace(parts[place], **{name: _of_kind(value, getattr(parts[place], name))})
        photos = getattr(parts.get("views"), "photos", None)
        if (
            photos is not None and count_of_grounds(photos) is None
        ):  # a run may be resumed from another folder
            parts["views"] = replace(parts["views"], photos=str(Path(photos).resolve()))
        return type(default.whole)(**parts)
    except ValueError as error:
        raise Refusal(str(error)) from error


def _parts_class(parts: Mapping[str, Any], bases: tuple[type, ...]) -> type:
    """A class of options with an attribute for each part of a configuration."""
    fields = [(name, type(part), dataclasses.field(default=part)) for name, part in parts.items()]
    made = dataclasses.make_dataclass("Settings", fields, bases=bases, frozen=True, kw_only=True)
    made.__doc__ = Train.__doc__
    return made


def _explain(config: Any, everything: bool) -> None:
    """Print the help of the command, its first options or all with every setting of a recipe, and end."""
    if not everything:
        parse_short(Train, _FIRST, _PROGRAM)
    parts = {field.name: getattr(config, field.name) for field in dataclasses.fields(config)}
    tyro.cli(_parts_class(parts, (Train,)), prog=_PROGRAM, args=["--help"], config=_MARKERS)


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
