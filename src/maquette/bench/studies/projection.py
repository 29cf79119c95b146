"""What of StyleGAN2's w is found by optimisation, by an encoder, and by both: how near, and in which time.

    python -m maquette.bench.studies.projection WEIGHTS --shapes DIR|PACK|families:N --json FILE

Targets are pictures that the generator made itself, of seeds that the encoder was not trained on, and held
drawings of shapes that it has never seen. `mean` is the picture of the mean w, which no one has looked for.
`distance` is of features and pixels together, what optimisation makes small; `pixels` the root of the mean squared
difference.
A generator that was hardly trained shows how the two ways compare, not how good projection can be.
"""

import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ...data.open import DataPlace, open_source
from ...systems.project_options import ENCODER_STEPS, ProjectOptions
from ...systems.stylegan2.system import StyleGAN2System
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json

_FIRST_SEED = 10_000
_MEASURES = ("distance", "pixels", "seconds")


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, write and show the numbers, and return them."""
    parser = study_parser(__doc__)
    parser.add_argument("weights", type=Path, metavar="WEIGHTS", help="a weights file or the folder of a run")
    parser.add_argument("--shapes", required=True, metavar="DIR|PACK|families:N", help="held drawings")
    parser.add_argument("--pictures", type=int, default=6, metavar="N", help="of each kind of target")
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 1000], metavar="N")
    parser.add_argument("--encoder-steps", type=int, default=ENCODER_STEPS, metavar="N")
    parser.add_argument("--backbone", default="auto", metavar="FILE|torchvision|none")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    options = parser.parse_args(words)
    torch.set_num_threads(options.threads)
    system = StyleGAN2System.load(options.weights, device="cpu")
    with tempfile.TemporaryDirectory() as folder:
        encoder = Path(folder) / "encoder.safetensors"
        began = time.perf_counter()
        system.train_encoder(encoder, options.encoder_steps)
        seconds = time.perf_counter() - began
        print(f"encoder: {options.encoder_steps} steps in {seconds:.0f} s")
        ways = ways_of(options.steps, encoder, options.backbone)
        kinds = {
            "generated": system.generate(options.pictures, _FIRST_SEED),
            "drawn": held(system, options.shapes, options.pictures),
        }
        rows = [
            {"target": kind, "way": way, **means(system, pictures, how)}
            for kind, pictures in kinds.items()
            for way, how in ways.items()
        ]
    numbers = {
        **describe_machine(torch.device("cpu")),
        "trained": system.training.get("steps_done"),
        "pictures": options.pictures,
        "encoder": {"steps": options.encoder_steps, "seconds": seconds},
        "rows": rows,
    }
    write_json(options.json, numbers)
    return numbers


def ways_of(steps: Sequence[int], encoder: Path, backbone: str) -> dict[str, ProjectOptions]:
    """What is compared, by name."""
    ways = {"mean": ProjectOptions(0, backbone=backbone)}
    ways["encoder"] = ProjectOptions(backbone=backbone, encoder=encoder)
    ways["encoder, then fewest steps"] = ProjectOptions(min(steps), backbone=backbone, encoder=encoder)
    return ways | {f"{count} steps": ProjectOptions(count, backbone=backbone) for count in steps}


def held(system: StyleGAN2System, shapes: str, count: int) -> Tensor:
    """Drawings of held shapes, spread over their list."""
    source = open_source(DataPlace(shapes=shapes), system.views_config).source
    places = [i for i, entry in enumerate(source.entries) if entry.split == "test"]
    chosen = places[:: max(1, len(places) // count)][:count]
    return source.held_batch(chosen, 1).images[:, 0]


def means(system: StyleGAN2System, pictures: Tensor, how: ProjectOptions) -> dict[str, float]:
    """Means of what each picture's projection came to."""
    found = [system.project(picture, how).numbers for picture in pictures]
    row = {name: statistics.fmean(numbers[name] for numbers in found) for name in _MEASURES}
    way = "encoder" if how.encoder else "no encoder"
    print(f"{found[0]['steps']} steps, {way}: " + ", ".join(f"{name} {row[name]:.3f}" for name in _MEASURES))
    return row


if __name__ == "__main__":
    run_study(main)
