"""Unsup3D and what it loses without each of its parts, after equal training on synthetic faces.

    python -m maquette.bench.studies.unsup3d_study OUT --minutes 60 --train --features FILE --json FILE

With --train every run that is not there yet is trained into OUT/ROW-SEED by `maquette train unsup3d`, on one thread;
one that was stopped goes on. Equal are the minutes of CPU time, which other work on the machine hardly lengthens: a
row's seconds a step are the difference between a training of 2 steps and one of 10, or of 50 where steps are short,
kept in OUT/ROW.json, and all of its runs have as many steps as fit; validations and the start come on top. With
--steps the number of steps is equal instead. What was used indeed stands beside each row.
--features names MobileNetV2's weights, those of ImageNet, and --vgg16 VGG16's; drawn ones are named so. Rows: `best`;
`narrow`: the same with light and view of a quarter of the published width, and without a dome; `original-16`: as
published, at a quarter of the width; `supervised`: the network of depth alone, on the true depth; and `narrow` with
one thing changed, in `lemul` pairs of mirror images in the place of symmetry, in `filtered` pictures behind filters
compared too, in `levels` features 4, 8 and 16 pixels apart. Runs that are there are scored by protocol unsup3d, on
the test pictures of --scored, beside one depth everywhere and the mean depth of the training pictures.
"""

import argparse
import json
import resource
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from ...data.open import DataPlace, open_source
from ...evaluate import evaluate
from ...metrics.protocols.depth import UNSUP3D
from ...metrics.protocols.depth_baselines import BASELINES
from ...reconstruct import load_system
from ...report.numbers import ALL, numbers_of
from ...training.run_folder import RunFolder
from ..machine import describe_machine
from .arguments import run_study, study_parser, write_json
from .trained import of_run, train

_LENGTHS, _ENOUGH = (2, 10, 50), 15.0  # steps of trainings whose difference tells a pace, and its CPU seconds
_VALIDATIONS = 4


class Setting(NamedTuple):
    """What a row trains.

    Attributes:
        recipe: its name.
        words: more for the command.
        features: whose are compared: "mobilenet_v2" or "vgg16", with the weights that are given, else drawn, as they
            are with " drawn" behind; "" for none.
    """

    recipe: str = "best"
    words: tuple[str, ...] = ()
    features: str = "mobilenet_v2"


_NARROW = ("--network.numbers-width", "8", "--network.dome", "0")
ROWS = {
    "best": Setting(),
    "narrow": Setting(words=_NARROW),
    "original-16": Setting("original", ("--network.width", "16"), "vgg16"),
    "supervised": Setting("supervised", ("--network.dome", "0"), ""),
    "no-albedo-flip": Setting(words=(*_NARROW, "--network.formation.no-flip-albedo")),
    "no-depth-flip": Setting(words=(*_NARROW, "--network.formation.no-flip-depth")),
    "no-light": Setting(
        words=(*_NARROW, "--network.formation.ambient", "1", "1", "--network.formation.diffuse", "0", "0")
    ),
    "no-perceptual": Setting(
        words=(*_NARROW, "--loss.perceptual", "0", "--network.confidence", "pixels"), features=""
    ),
    "vgg16-drawn": Setting(words=_NARROW, features="vgg16 drawn"),
    "mobilenet_v2-drawn": Setting(words=_NARROW, features="mobilenet_v2 drawn"),
    "filtered": Setting(words=(*_NARROW, "--loss.filtered", "1")),
    "levels": Setting(words=(*_NARROW, "--loss.levels", "4", "8", "16")),
    "no-confidence": Setting(words=(*_NARROW, "--network.confidence", "none")),
    "lemul": Setting(
        words=(*_NARROW, "--network.second", "pair", "--loss.flip", "1", "--loss.albedo", "0.5")
    ),
}


def main(words: Sequence[str] | None = None) -> dict[str, Any]:
    """Train where asked for, and score what is there; returns the numbers."""
    parser = study_parser(__doc__)
    parser.add_argument("out", type=Path, help="folder of the runs")
    parser.add_argument("--shapes", default="faces:20000", help="faces to train on")
    parser.add_argument("--scored", default="faces:5000", help="faces whose test pictures are scored")
    parser.add_argument("--rows", nargs="+", choices=tuple(ROWS), default=tuple(ROWS), metavar="ROW")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0,), metavar="N")
    parser.add_argument("--minutes", type=float, default=60.0, help="of CPU time of training, of every run")
    parser.add_argument("--steps", type=int, help="of every run, however long they take")
    parser.add_argument("--train", action="store_true", help="train the runs that are not there")
    parser.add_argument("--features", type=Path, help="weights of MobileNetV2 (`maquette backbone import`)")
    parser.add_argument("--vgg16", type=Path, help="weights of VGG16")
    options = parser.parse_args(words)
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    for seed in options.seeds:
        for name in options.rows:
            if options.train:
                train_row(name, seed, options)
            folder = options.out / f"{name}-{seed}"
            if RunFolder(folder).weights.is_file():
                rows.append({**about_run(name, seed, options), **score(folder, options.scored)})
                print(table(rows[-1:]).splitlines()[-1], flush=True)
    guesses = rows[0].pop("baselines") if rows else {}
    for row in rows[1:]:
        del row["baselines"]
    numbers = {
        **describe_machine(torch.device("cpu")),
        "minutes": None if options.steps else options.minutes,
        "shapes": options.shapes,
        "scored": options.scored,
        "rows": rows,
        "guesses": guesses,
    }
    write_json(options.json, numbers)
    print(table(rows, guesses))
    return numbers


def command(name: str, seed: int, options: argparse.Namespace) -> list[str]:
    """What a row's training is told, without its length."""
    setting, more = ROWS[name], ["--loss.features", "none", "--loss.perceptual", "0"]
    if setting.features:
        network, _, drawn = setting.features.partition(" ")
        file = {"mobilenet_v2": options.features, "vgg16": options.vgg16}[network]
        weights = "none" if drawn or file is None else str(file)
        more = ["--loss.features", network, "--loss.first-weights", weights]
    same = ["--shapes", options.shapes, "--seed", str(seed), "--threads", "1", "--workers", "0"]
    return ["--recipe", setting.recipe, *same, *more, *setting.words]


def train_row(name: str, seed: int, options: argparse.Namespace) -> None:
    """Train a run of a row for as many steps as it may have, unless that has been done."""
    folder, file = options.out / f"{name}-{seed}", options.out / f"{name}-{seed}.json"
    if RunFolder(folder).weights.is_file():
        return
    steps = options.steps or max(1, int(60 * options.minutes / pace(name, options)))
    length = ["--steps", str(steps), "--val-every", str(-(-steps // _VALIDATIONS))]
    before, sessions = _children(), json.loads(file.read_text())["cpu_seconds"] if file.is_file() else []
    try:
        train("unsup3d", folder, [*command(name, seed, options), *length])
    finally:
        told = {"cpu_seconds": [*sessions, round(_children() - before, 1)]}
        write_json(file, told | {"command": [*command(name, seed, options), *length]})


def pace(name: str, options: argparse.Namespace) -> float:
    """CPU seconds of a step of a row, measured once."""
    file = options.out / f"{name}.json"
    if not file.is_file():
        spent: dict[int, float] = {}
        for steps in _LENGTHS:
            with tempfile.TemporaryDirectory() as folder:
                before = _children()
                flags = ["--steps", str(steps), "--val-every", str(steps), "--training.val-samples", "1"]
                train("unsup3d", Path(folder) / "run", [*command(name, 0, options), *flags])
                spent[steps] = _children() - before
            if spent[steps] - spent[_LENGTHS[0]] >= _ENOUGH:
                break
        seconds = (spent[steps] - spent[_LENGTHS[0]]) / (steps - _LENGTHS[0])
        write_json(file, {"seconds_a_step": seconds, "spent": {str(n): s for n, s in spent.items()}})
    found: float = json.loads(file.read_text())["seconds_a_step"]
    return max(found, 1e-3)


def _children() -> float:
    """CPU seconds of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def about_run(name: str, seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """What a run was told, how long it was, and what its validations measured."""
    folder, file = options.out / f"{name}-{seed}", options.out / f"{name}-{seed}.json"
    told = json.loads(file.read_text()) if file.is_file() else {"command": [], "cpu_seconds": []}
    config = RunFolder(folder).read_config()["config"]
    run = of_run(folder)
    loss = config["loss"]
    return {
        "row": name,
        "features": f"{loss['features']} drawn" if loss["first_weights"] == "none" else loss["features"],
        "seed": seed,
        "command": shlex.join(["maquette", "train", "unsup3d", *map(_named, told["command"])]),
        "samples": run["steps"] * config["training"]["batch"],
        "cpu_seconds": sum(told["cpu_seconds"]),
        **run,
    }


def _named(word: str) -> str:
    """A word of a command; of a file, whose folder says nothing elsewhere, its name."""
    return Path(word).name if Path(word).is_absolute() else word


def score(folder: Path, scored: str) -> dict[str, Any]:
    """Mean and deviation of each measure of a run's weights, and of guesses."""
    system = load_system("unsup3d", folder, device="cpu")
    opened = open_source(DataPlace(shapes=scored), system.views_config, needs=UNSUP3D.needs)
    told = numbers_of(evaluate(system, opened.source, UNSUP3D, device="cpu", cases=0), {})
    found = told["groups"][ALL]
    return {
        "parameters": sum(p.numel() for p in system.network.parameters()),
        "pictures": found["count"],
        "scores": {
            name: {"mean": values["sample_mean"], "std": values["std"]}
            for name, values in found["views"]["1"].items()
        },
        "baselines": told["baselines"],
    }


def table(rows: Sequence[Mapping[str, Any]], guesses: Mapping[str, Any] | None = None) -> str:
    """All rows as Markdown."""
    measures = UNSUP3D.measures
    head = ["network", "features", "steps", "samples", "CPU min", *(m.label for m in measures)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        about = [f"{row['row']}, seed {row['seed']}", row["features"], f"{row['steps']:,}"]
        about += [f"{row['samples']:,}", f"{row['cpu_seconds'] / 60:.1f}"]
        lines.append("| " + " | ".join([*about, *_cells(row["scores"])]) + " |")
    for name, values in (guesses or {}).items():
        lines.append("| " + " | ".join([BASELINES[name], "", "", "", "", *_cells(values)]) + " |")
    return "\n".join(lines)


def _cells(scores: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [f"{m.text(scores[m.name]['mean'])} +- {m.text(scores[m.name]['std'])}" for m in UNSUP3D.measures]


if __name__ == "__main__":
    run_study(main)
