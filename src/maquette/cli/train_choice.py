"""`train`: what is chosen for the machine where the words leave it open, and the paragraph that says it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..systems import shipped_weights, system_recipes
from ..training.choice import choose_length, choose_start, seconds_a_step
from .console import Console, duration
from .cores import usable_cores
from .train_settings import Settings, read_settings

if TYPE_CHECKING:
    import torch
    from lightning_fabric import Fabric

    from ..data.batch import Source
    from ..training.module import TrainingModule


def start_of(words: Sequence[str], settings: Settings, device: "torch.device") -> Settings:
    """The same with recipe and first weights for this machine and these shapes, where the words leave them open."""
    if not settings.is_open:
        return settings
    shapes = _count(settings.options.shapes) if device.type == "cuda" else None
    ships = shipped_weights(settings.system).is_file()
    start = choose_start(device.type, shapes, ships, system_recipes(settings.system))
    return replace(read_settings(words, start), options=settings.options)


def _count(shapes: str | None) -> int | None:
    """How many shapes there are to draw; None for pictures on disk."""
    if shapes is None:
        return None
    from ..data.mesh_folder import read_mesh_folder
    from ..data.pack import read_pack
    from .view_source import count_built_in

    built_in = count_built_in(shapes)
    if built_in is not None:
        return built_in
    return len(read_mesh_folder(shapes)) if Path(shapes).is_dir() else len(read_pack(shapes))


def length_of(
    settings: Settings,
    fabric: "Fabric",
    module: "TrainingModule",
    source: "Source",
    workers: int,
    processes: int,
    console: Console,
) -> Settings:
    """The same with the length that fits, by the time of some steps, and a paragraph that says what was chosen.

    Where the words say the length, or a recipe, no more is chosen than they leave open.

    Args:
        settings: of a new run.
        fabric: device and precision.
        module: is changed where steps are timed.
        source: of its batches.
        workers: processes that make batches ahead.
        processes: that share a batch.
        console: where the paragraph goes.
    """
    if not settings.is_open and not settings.is_timed:
        return settings
    device, before, seconds = fabric.device, settings.config.training, 0.0
    if settings.is_timed:
        from ..training.timed_start import time_step

        console.say("timing some steps")
        timed = time_step(fabric, module, source, "cpu" if workers else device, processes)
        seconds = seconds_a_step(timed.made, timed.computed, workers, usable_cores(), device.type == "cuda")
    shapes = sum(entry.split == "train" for entry in source.entries)
    said = settings.said | (frozenset() if settings.is_open else {"lr"})
    said |= frozenset() if settings.is_open and settings.is_timed else _OF_RECIPE
    parts = processes * before.accumulate
    minutes, warm = settings.options.max_minutes, settings.initial is not None
    training = choose_length(before, seconds, minutes, shapes, warm, parts, said)
    seconds *= training.batch / before.batch
    chosen = {
        "device": str(device),
        "shapes": shapes,
        "seconds_a_step": round(seconds, 4) or None,
        "recipe": settings.recipe,
        "init": None if settings.initial is None else settings.initial.given,
        "training": {name: value for name, value in vars(training).items() if value != getattr(before, name)},
    }
    settings = replace(settings, config=replace(settings.config, training=training), chosen=chosen)
    for line in _paragraph(settings, seconds):
        console.say(line)
    return settings


_OF_RECIPE = frozenset({"batch", "warmup", "val_every", "log_every", "checkpoint_every"})


def _paragraph(settings: Settings, seconds: float) -> list[str]:
    """Lines: what a run will do, and which option changes what; seconds of a step are 0 where none was timed."""
    training, chosen = settings.config.training, settings.chosen
    network: Any = settings.config.network
    width = getattr(network, "width", None)
    network = f"{network.variant}{'' if width is None else f' of width {width:g}'}"
    first = "random first weights" if settings.initial is None else f"first weights {settings.initial.name}"
    pace = f", at {seconds:.2g} s a step" if seconds else ""
    time = [f"  time       about {duration(training.steps * seconds)} of training"] if seconds else []
    return [
        f"chosen for {chosen['shapes']} training shapes on {chosen['device']} (--device){pace}:",
        f"  network    {network}, {first} (--variant, --width, --init FILE|none)",
        f"  length     {training.steps} steps of {training.batch} objects, learning rate {training.lr:g} "
        "(--max-minutes, --steps, --batch, --lr)",
        *time,
        f"  settings   recipe {settings.recipe} (--recipe NAME takes one as it is, nothing chosen)",
    ]
