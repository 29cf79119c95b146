"""`maquette encoder`: a network that tells what a generator's picture is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import tyro

from ..systems.project_options import ENCODER_STEPS
from .console import Console
from .generator_input import GeneratorWeights, GeneratorWords, need_able, read_generator
from .options import Out, at_least, check_compute, set_up
from .refusals import Refusal, need_place, need_spared


@dataclass(frozen=True, kw_only=True)
class EncoderOptions(GeneratorWeights):
    """Train a small network that tells of a picture what the generator would make it of.

    It learns from pictures that the generator makes; no data are needed. `maquette generate WEIGHTS --project PICTURE
    --encoder FILE` asks it: a fraction of a second in the place of a minute of optimisation, and less exact.
    """

    out: Out
    """The .safetensors file to write; it is of use for these weights alone."""
    steps: Annotated[int, tyro.conf.arg(metavar="N")] = ENCODER_STEPS
    """Of training, of 16 pictures."""
    seed: Annotated[int, tyro.conf.arg(metavar="N")] = 0
    """Of first weights and pictures."""


def run(words: Sequence[str]) -> None:
    """Read the words, then train."""
    asked = read_generator(words, EncoderOptions, "encoder")
    options = asked.options
    check_compute(options)
    at_least(1, steps=options.steps)
    at_least(0, seed=options.seed)
    need_able(asked.about, "project", "maquette encoder", "projected")
    need_place(options.out, (".safetensors",))
    need_spared([options.weights], [options.out])
    _train(asked, Console(options.quiet))


def _train(asked: GeneratorWords, console: Console) -> None:
    options = asked.options
    device = set_up(options)
    from ..systems import system_class

    system: Any = system_class(asked.about.name).load(options.weights, device=device)
    last = ""
    with console.progress("training", options.steps) as advance:

        def watch(done: int, note: str) -> None:
            nonlocal last
            last = note
            advance(done, note)

        try:
            system.train_encoder(options.out, options.steps, options.seed, asked.own, watch)
        except ValueError as error:
            raise Refusal(f"--{error}") from error
    console.say(f"wrote {options.out}: errors of the last step: {last}")
