"""`maquette train`: from shapes, or pictures with shapes, to weights."""

import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ..io.errors import BadInput
from .console import Advance, Console
from .options import at_least, check_compute, set_up
from .refusals import Refusal, need_place
from .train_data import join, names, prepare, with_stored_data
from .train_init import read_tensors, start_from
from .train_settings import Settings, Train, read_settings
from .view_source import need_source

if TYPE_CHECKING:
    import torch

    from ..data.batch import ViewSource
    from ..training.module import TrainingModule
    from ..training.processes import Place
    from ..training.run_folder import RunFolder

_WORKERS_ON_CPU = 2
_PROTOCOL = "r2n2-2016"


def run(words: Sequence[str]) -> None:
    """Read the words, judge them, then train."""
    settings = read_settings(words)
    options = with_stored_data(settings)
    _check(options, settings)
    place = _place()
    if options.processes is not None and options.processes > 1 and place.world == 1:
        raise SystemExit(_start_processes(options.processes, words))
    console = Console(options.quiet or not place.is_first)
    _train(replace(settings, options=options), place, console)


def _check(options: Train, settings: Settings) -> None:
    check_compute(options)
    at_least(1, processes=options.processes)
    at_least(0, workers=options.workers, max_minutes=options.max_minutes)
    if options.device.split(":")[0] == "xpu":
        raise Refusal("--device xpu: training runs on cpu, cuda and mps")
    if options.wandb is not None and importlib.util.find_spec("wandb") is None:
        raise Refusal("--wandb needs the package wandb: pip install 'maquette[wandb]'")
    processes = options.processes or 1
    batch, accumulate = settings.config.training.batch, settings.config.training.accumulate
    if batch % (processes * accumulate):
        raise Refusal(f"a batch of {batch} has no {processes * accumulate} equal parts")
    need_source(options)
    need_place(options.out)
    if options.out.exists() and not options.out.is_dir():
        raise BadInput(options.out, "is a file; the output is a folder")
    if not options.resume and options.out.is_dir() and any(options.out.iterdir()) and _place().is_first:
        raise BadInput(options.out, "is not empty; --resume goes on with the run in it")


def _place() -> "Place":
    from ..training.processes import Place

    return Place.of(os.environ)


def _start_processes(count: int, words: Sequence[str]) -> int:
    from ..training.processes import own_command, run_processes

    return run_processes(count, own_command(["train", *words]))


def _train(settings: Settings, place: "Place", console: Console) -> None:
    options, config = settings.options, settings.config
    device = set_up(options)
    _need_gpus(device, place)
    from ..training.run_folder import RunFolder

    folder = RunFolder(options.out)
    module = None
    if settings.initial is not None:  # weights that cannot be used leave no folder behind
        module = _module(settings, folder, console)
    settings, source = (prepare if place.is_first else join)(settings, folder, console)
    from ..report.voxel_pictures import draw_pair
    from ..training.fit import FitOptions, fit
    from ..training.keeper import Voice

    about = {"system": settings.system, "recipe": settings.recipe, "config": asdict(config)}
    workers = options.workers if options.workers is not None else _usual_workers(device.type, options)
    fit_options = FitOptions(device, workers, options.max_minutes, options.wandb)
    module = _module(settings, folder, console) if module is None else module
    on_terminal = sys.stderr.isatty() and sys.stdout.isatty()
    with console.progress("training", config.training.steps) as advance:
        if on_terminal:
            voice = Voice(_over_bar(console.say), _beside_bar(advance), draw_pair)
        else:
            voice = Voice(console.say, advance, draw_pair)
        fitted = fit(module, source, folder, fit_options, place, voice, about)
    if fitted.interrupted:
        raise KeyboardInterrupt
    if not place.is_first:
        return
    about_weights = {
        "recipe": settings.recipe,
        "data": names(folder.read_config()["data"]["given"]),
        "init": _of_initial(settings),
        "steps_done": fitted.steps,
    }
    module.save_weights(folder.weights, fitted.network, about_weights)
    console.say(f"wrote {folder.weights} after {fitted.steps} steps, {fitted.progress.seconds:.0f} s")
    _evaluate(settings, source, console)


def _module(settings: Settings, folder: "RunFolder", console: Console) -> "TrainingModule":
    """What is trained, with its first weights."""
    from ..systems import system_class

    make: Callable[[Any], TrainingModule] = system_class(settings.system).training_module
    initial = None if folder.steps() else settings.initial
    if initial is None:
        return make(settings.config)
    tensors = read_tensors(initial, settings.system)  # judged before a network as large as it claims is built
    module = make(settings.config)
    start_from(module, initial, tensors, console)
    return module


def _of_initial(settings: Settings) -> dict[str, str] | None:
    """What weights say about those that they come from."""
    initial = settings.initial
    return None if initial is None else {"name": initial.name, "sha256": initial.sha256}


def _need_gpus(device: "torch.device", place: "Place") -> None:
    """Refuse more processes on this machine than it has GPUs."""
    import torch

    if device.type == "cuda" and place.local_world > torch.cuda.device_count():
        there = torch.cuda.device_count()
        raise Refusal(f"{place.local_world} processes need a GPU each; there are {there} on this machine")


def _over_bar(say: Callable[[str], None]) -> Callable[[str], None]:
    """Lines that take the place of the progress bar, which is drawn again below them."""
    return lambda line: say(f"\r\x1b[2K{line}")


def _beside_bar(advance: Advance) -> Advance:
    """Notes that leave room for the bar: loss, IoU and pace."""

    def short(done: int, note: str) -> None:
        loss, iou, *_, pace, _seconds = note.split(", ")
        advance(done, f"{loss}, {iou}, {pace}")

    return short


def _usual_workers(kind: str, options: Train) -> int:
    """Pictures on disk are read ahead everywhere; drawn ones only on a CPU."""
    return 0 if kind != "cpu" and options.data is None else _WORKERS_ON_CPU


def _evaluate(settings: Settings, source: "ViewSource", console: Console) -> None:
    options = settings.options
    if options.no_evaluation:
        return
    if not any(entry.split == "test" for entry in source.entries):
        console.say("no evaluation: nothing is in the test split")
        return
    from . import evaluate

    where = ["--shapes", str(options.shapes)] if options.shapes else ["--data", str(options.data)]
    if options.split_file:
        where += ["--split-file", options.split_file]
    words = [settings.system, str(options.out), "--protocol", _PROTOCOL, "--device", options.device, *where]
    evaluate.run([*words, *(["--quiet"] if options.quiet else [])])
