"""`maquette train`: from shapes, or pictures with shapes, to weights."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from ..io.ending import ended_by
from ..io.errors import BadInput
from ..io.owned import LOCK, owned
from ..training.config import check_precision
from ..training.place import is_first, process_counts
from .console import OVER_BAR, Console
from .cores import usable_cores
from .evaluate import Asked, score
from .extras import need_extra
from .options import at_least, check_compute, set_up
from .refusals import Refusal, need_place
from .train_choice import length_of, start_of
from .train_data import join, names, prepare, with_stored_data
from .train_init import read_tensors, start_from
from .train_settings import Settings, Train, read_settings
from .train_watch import Spoken, TimeToGo, never_silent
from .view_source import need_source

if TYPE_CHECKING:
    import torch

    from ..data.open import Opened
    from ..metrics.measure import Measure
    from ..metrics.protocols.face import EvaluationProtocol
    from ..training.module import TrainingModule
    from ..training.progress import LogRow
    from ..training.run_folder import RunFolder
    from ..training.trainer import Reporter

_WORKERS_ON_CPU = 2


def run(words: Sequence[str]) -> None:
    """Read the words, judge them, then train."""
    settings = read_settings(words)
    options = with_stored_data(settings)
    _check(options, settings)
    if (options.processes or 1) > 1 and process_counts()[0] == 1:
        from ..training.processes import run_processes

        raise SystemExit(run_processes(options.processes or 1, ["train", *words]))
    with owned(options.out) if is_first() else nullcontext():
        _need_new(options)
        _train(words, replace(settings, options=options))


def _check(options: Train, settings: Settings) -> None:
    check_compute(options)
    at_least(1, processes=options.processes)
    at_least(0, workers=options.workers, max_minutes=options.max_minutes)
    if options.device.split(":")[0] == "xpu":
        raise Refusal("--device xpu: training runs on cpu, cuda and mps")
    need_extra("train", "train")
    if options.wandb is not None:
        need_extra("wandb", "--wandb")
    processes = max(options.processes or 1, process_counts()[0])
    batch, accumulate = settings.config.training.batch, settings.config.training.accumulate
    if batch % (processes * accumulate):
        raise Refusal(f"a batch of {batch} has no {processes * accumulate} equal parts")
    _check_precision(settings, options.device.split(":")[0])
    need_source(options)
    need_place(options.out)
    if options.out.exists() and not options.out.is_dir():
        raise BadInput(options.out, "is a file; the output is a folder")
    _need_new(options)


def _need_new(options: Train) -> None:
    """Refuse, in the process that writes, a folder that holds anything, unless the run in it is to go on."""
    begun = options.out.is_dir() and any(entry.name != LOCK for entry in options.out.iterdir())
    if not options.resume and begun and is_first():
        raise BadInput(options.out, "is not empty; --resume goes on with the run in it")


def _check_precision(settings: Settings, device: str, optimisers: int = 1) -> None:
    try:
        check_precision(settings.config.training, device, optimisers)
    except ValueError as error:
        raise Refusal(f"--training.{error}") from error


def _train(words: Sequence[str], settings: Settings) -> None:
    options = settings.options
    device = set_up(options)
    _need_gpus(device, process_counts()[1])
    _check_precision(settings, device.type)
    from ..training.fabric import make_fabric
    from ..training.fit import FitOptions, fit
    from ..training.run_folder import RunFolder

    settings = start_of(words, settings, device)
    fabric = make_fabric(device, settings.config.training)
    console = Console(options.quiet or not fabric.is_global_zero)
    if settings.notice:
        console.say(settings.notice)
    folder = RunFolder(options.out)
    module = _module(settings, folder, console)  # first: weights that cannot be used leave no folder behind
    _check_precision(settings, device.type, len(module.optimisers()))
    protocol = _last_protocol(settings, module)
    scored: frozenset[str] = frozenset() if protocol is None else protocol.needs
    workers = options.workers if options.workers is not None else _usual_workers(device.type, options)

    def choose(open_settings: Settings, found: "Opened") -> Settings:
        world, source = process_counts()[0], found.only(module.needs, module.side).source
        return length_of(open_settings, fabric, module, source, workers, world, console)

    if fabric.is_global_zero:
        settings, opened = prepare(settings, folder, module.needs, scored, module.side, console, choose)
    else:
        settings, opened = join(settings, folder, module.needs, scored, module.side, console)
    if settings.chosen:  # the steps that were timed have changed it
        module = _module(settings, folder, Console(quiet=True))
    unsaid = sorted(scored - opened.source.provides)
    if unsaid:
        console.say(f"no evaluation at the end: {opened.name} has no {' and no '.join(unsaid)}")
    config = settings.config
    about = {"system": settings.system, "recipe": settings.recipe, "config": asdict(config)}
    data = names(
        folder.read_config()["data"]["given"]
    )  # what cannot be read ends the run before its first step
    fit_options = FitOptions(workers, options.max_minutes, options.wandb)
    source = opened.only(module.needs, module.side).source
    to_go = TimeToGo(config.training.steps, settings.chosen.get("seconds_a_step"))
    with _reporter(console, to_go, config.training.steps, module.goal) as reporter:
        fitted = fit(fabric, module, source, folder, fit_options, reporter, about)
    if fitted.interrupted:
        raise ended_by(fitted.interrupted) if fabric.is_global_zero else SystemExit(130)
    if not fabric.is_global_zero:
        return
    about_weights = {
        "recipe": settings.recipe,
        "data": data,
        "init": _of_initial(settings),
        "steps_done": fitted.steps,
    }
    module.save_weights(folder.weights, fitted.network, about_weights)
    folder.unfinished.unlink(missing_ok=True)
    console.say(f"wrote {folder.weights} after {fitted.steps} steps, {fitted.progress.seconds:.0f} s")
    if protocol is not None and not unsaid:
        _evaluate(settings, opened.only(protocol.needs, protocol.side), folder, protocol, console, device)


@contextmanager
def _reporter(console: Console, to_go: TimeToGo, steps: int, goal: "Measure") -> Iterator["Reporter"]:
    """How a run speaks: beside a bar on a terminal, elsewhere in lines."""
    from ..training.trainer import Reporter

    def line(values: "LogRow") -> str:
        return f"{to_go.words(values.step)}: {values.text(goal)}"

    if sys.stderr.isatty() and sys.stdout.isatty():
        with console.progress("training", steps) as advance:
            say, notes = _over_bar(console.say), [""]

            def row(values: "LogRow") -> None:
                notes[0] = values.short_text(goal)
                if values.val:
                    say(line(values))

            def step(done: int) -> None:
                to_go.step(done, time.monotonic())
                advance(done, notes[0])

            yield Reporter(say, row, step)
        return
    spoken = Spoken(console, to_go)
    with never_silent(spoken.look):
        yield Reporter(spoken.say, lambda row: spoken.say(line(row)), spoken.step)


def _module(settings: Settings, folder: "RunFolder", console: Console) -> "TrainingModule":
    """What is trained, with its first weights."""
    from ..systems import system_class

    make = system_class(settings.system).training_module
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


def _need_gpus(device: "torch.device", processes: int) -> None:
    """Refuse more processes on this machine than it has GPUs."""
    import torch

    if device.type == "cuda" and processes > torch.cuda.device_count():
        there = torch.cuda.device_count()
        raise Refusal(f"{processes} processes need a GPU each; there are {there} on this machine")


def _over_bar(say: Callable[[str], None]) -> Callable[[str], None]:
    """Lines that take the place of the progress bar, which is drawn again below them."""
    return lambda line: say(OVER_BAR + line)


def _usual_workers(kind: str, options: Train) -> int:
    """Pictures on disk are read ahead everywhere; drawn ones only on a CPU."""
    return 0 if kind != "cpu" and options.data is None else min(_WORKERS_ON_CPU, usable_cores())


def _last_protocol(settings: Settings, module: "TrainingModule") -> "EvaluationProtocol[Any] | None":
    """The evaluation that ends the training, where it is wanted: the module's, or by the system's first protocol."""
    from ..metrics.protocols import PROTOCOLS
    from ..systems import about_system

    protocols = [module.protocol] if module.protocol else about_system(settings.system).protocols
    return None if settings.options.no_evaluation or not protocols else PROTOCOLS[protocols[0]]


def _evaluate(
    settings: Settings,
    opened: "Opened",
    folder: "RunFolder",
    protocol: "EvaluationProtocol[Any]",
    console: Console,
    device: "torch.device",
) -> None:
    """Score the weights of the run on its test split."""
    from ..systems import system_class

    if not any(entry.split == "test" for entry in opened.source.entries):
        console.say("no evaluation: nothing is in the test split")
        return
    system = system_class(settings.system).load(folder.path, device=device)
    score(system, opened, protocol, Asked(weights=str(folder.path)), folder.evaluations, console)
