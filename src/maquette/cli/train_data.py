"""`train`: what a run is trained on, from its words or its `config.json`, and the making of its folder."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.recognise import SPLIT_WORDS, count_of_faces
from ..io.atomic import folders_for
from ..io.errors import BadInput, as_bad_input
from .console import Console
from .refusals import Refusal
from .train_settings import Settings, Train
from .view_source import open_shapes, open_source, place_of

if TYPE_CHECKING:
    from ..data.batch import Source
    from ..data.open import Opened
    from ..training.run_folder import RunFolder

_NAMES = ("shapes", "data", "split_file")
_WAIT_SECONDS = 0.2
_MOST_NAMED = 20


def with_stored_data(settings: Settings) -> Train:
    """The options with the data of the run that is resumed; refuses other ones."""
    options = settings.options
    if settings.stored is None:
        return options
    data = settings.stored["data"]
    for name in _NAMES:
        given = getattr(options, name)
        if given is not None and not _same(name, str(given), data, options.out):
            raise Refusal(f"--{name.replace('_', '-')} {given}: the run in {options.out} has other data")
    from ..training.run_folder import RunFolder

    stored = {name: data.get(name) for name in _NAMES} | {"shapes": RunFolder(options.out).shapes(data)}
    return replace(options, **{**stored, "data": Path(stored["data"]) if stored["data"] else None})


def _same(name: str, given: str, data: dict[str, Any], run: Path) -> bool:
    """Whether data that are named are those of a run: by their name, by their place, or files by their bytes."""
    kept = os.path.realpath(run / data[name]) if data.get(name) else None
    names = (data.get("given", {}).get(name), data.get("places", {}).get(name))
    if given in names or os.path.realpath(given) in (kept, *names):
        return True
    from ..io.checksum import sha256_of

    if kept is None or not os.path.isfile(kept) or not os.path.isfile(given):
        return False
    return sha256_of(kept) == sha256_of(given)


def prepare(
    settings: Settings,
    folder: "RunFolder",
    needs: frozenset[str],
    wanted: frozenset[str],
    side: int,
    console: Console,
    choose: Callable[[Settings, "Opened"], Settings] = lambda settings, opened: settings,
) -> tuple[Settings, "Opened"]:
    """Open the data and make the folder of a new run, with its shapes as a pack.

    `config.json` is written last, when the data have turned out to be usable; without it nothing stays.

    Args:
        settings: what was asked for.
        folder: of the run.
        needs: what batches must know of their objects.
        wanted: what else they should know where the data say it.
        side: cells along the edges of their voxels.
        console: says what is left out.
        choose: told a new run's settings and data, gives the settings with what was open.

    Returns:
        the settings, with that pack as data, and the data.
    """
    if settings.stored is not None:
        opened = _open(settings, needs, wanted, side, console)
        if asdict(settings.config) != settings.stored["config"]:  # more steps
            folder.write_config({**settings.stored, "config": asdict(settings.config)})
        return settings, opened
    options = settings.options
    data: dict[str, Any] = {name: _absolute(name, getattr(options, name)) for name in _NAMES}
    data["places"] = dict(data)
    data["given"] = {name: _named(getattr(options, name)) for name in _NAMES}
    with _made_or_gone(folder):
        if options.shapes is not None and _has_to_be_packed(options.shapes):
            _pack(options.shapes, folder, side, console)
            data["shapes"] = folder.pack.name
            settings = replace(settings, options=replace(options, shapes=str(folder.pack)))
        opened = _open(settings, needs, wanted, side, console)
        _need_views(opened.source, settings)
        settings = choose(settings, opened)
        folder.write_config(_about_run(settings, data))
    return settings, opened


def join(
    settings: Settings,
    folder: "RunFolder",
    needs: frozenset[str],
    wanted: frozenset[str],
    side: int,
    console: Console,
) -> tuple[Settings, "Opened"]:
    """In the other processes: wait until the first one has made the folder, and take the data from there."""
    if settings.stored is None:  # else they are those of the run already
        while not folder.config_file.exists():
            time.sleep(_WAIT_SECONDS)
        stored = folder.read_config()
        settings = _of_first(settings, stored)
    return settings, _open(settings, needs, wanted, side, console)


def _of_first(settings: Settings, stored: dict[str, Any]) -> Settings:
    """The settings of the process that has made the folder: its data, and what it has chosen."""
    from ..io.typed import typed

    with as_bad_input(settings.options.out / "config.json", ValueError):
        config = typed(type(settings.config), stored["config"])
    options = with_stored_data(replace(settings, stored=stored))
    return replace(settings, options=options, config=config, chosen=stored.get("chosen", {}))


def names(given: dict[str, str | None]) -> dict[str, str | None]:
    """What the data were, without the folders that they lie in: weights go to other people."""
    return {name: value and Path(value).name for name, value in given.items()}


@contextmanager
def _made_or_gone(folder: "RunFolder") -> Iterator[None]:
    """Make the folder of a run; where the block ends badly, what it made is taken away again."""
    had_pack = folder.pack.exists()
    with ExitStack() as stack:
        with as_bad_input(folder.path, OSError, say="cannot be written"):
            stack.enter_context(folders_for(folder.pack))
        try:
            yield
        except BaseException:
            with suppress(OSError):
                if not had_pack:
                    folder.pack.unlink(missing_ok=True)
            raise


def _has_to_be_packed(shapes: str) -> bool:
    return count_of_faces(shapes) is None and not Path(shapes).is_file()


def _pack(shapes: str, folder: "RunFolder", side: int, console: Console) -> None:
    from ..data.pack import write_pack

    pack, problems = open_shapes(shapes, console, side)
    write_pack(pack, folder.pack)
    for problem in problems:
        console.say(f"left out {problem.path}: {problem.reason}")


def _open(
    settings: Settings, needs: frozenset[str], wanted: frozenset[str], side: int, console: Console
) -> "Opened":
    config, place = settings.config, place_of(settings.options)
    opened = open_source(place, config.views, console, needs, side, config.training.seed, wanted)
    splits = [entry.split for entry in opened.source.entries]
    counts = [f"{splits.count(split)} {split}" for split in ("train", "val", "test")]
    for problem in opened.problems[:_MOST_NAMED]:
        console.say(f"left out {problem.path}: {problem.reason}")
    left_out = f"; {len(opened.problems)} left out" if opened.problems else ""
    console.say(f"{len(splits)} objects: {', '.join(counts)}{left_out}")
    if "train" not in splits:
        raise BadInput(opened.name, "has nothing in its train split")
    return opened


def _need_views(source: "Source", settings: Settings) -> None:
    """Refuse more pictures an object in validation than any of its objects has on disk."""
    from ..data.readable import most_views
    from ..training.validation import validation_entries

    training = settings.config.training
    most = most_views(source, validation_entries(source, training))
    if most is not None and most < training.val_views:
        why = f"no object of the validation split has more than {most} pictures"
        raise Refusal(f"--training.val-views {training.val_views}: {why}")


def _named(value: Any) -> str | None:
    return None if value is None else str(value)


def _absolute(name: str, value: Any) -> str | None:
    if value is None or (name == "split_file" and value in SPLIT_WORDS):
        return _named(value)
    if name == "shapes" and count_of_faces(value) is not None:
        return str(value)
    return str(Path(value).resolve())


def _about_run(settings: Settings, data: dict[str, Any]) -> dict[str, Any]:
    from .. import __version__

    return {
        "maquette": __version__,
        "system": settings.system,
        "recipe": settings.recipe,
        "data": data,
        "init": None if settings.initial is None else asdict(settings.initial),
        "config": asdict(settings.config),
        "chosen": dict(settings.chosen),
    }
