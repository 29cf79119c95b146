"""Studies of a system's variants: their words, runs that are trained where they are not there yet, and their logs."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from ...data.pack import read_pack
from ...data.pack_data import ShapePack
from ...io.errors import BadInput
from ...report.runs import read_run
from ...training.run_folder import RunFolder
from .arguments import study_parser


def variants_parser(doc: str | None, variants: Sequence[str], recipe: str) -> argparse.ArgumentParser:
    """A parser of what such studies share: where runs are, which of them, how they are trained and scored."""
    parser = study_parser(doc)
    parser.add_argument("out", type=Path, help="folder of the runs")
    parser.add_argument("--shapes", type=Path, required=True, help="a pack")
    parser.add_argument("--variants", nargs="+", default=variants, metavar="VARIANT")
    parser.add_argument("--seeds", nargs="+", type=int, default=(0, 1), metavar="N")
    parser.add_argument("--recipe", default=recipe)
    parser.add_argument("--steps", type=int, help="of every run; the recipe's own when not given")
    parser.add_argument("--minutes", type=float, help="of training, of every run, at most")
    parser.add_argument("--train", action="store_true", help="train the runs that are not there")
    parser.add_argument("--every", type=int, default=1, help="score one in so many test shapes")
    parser.add_argument("--beside", nargs="*", default=(), metavar="SYSTEM[=RUN]")
    parser.add_argument("--threads", type=int, help="of torch")
    return parser


def parsed(
    parser: argparse.ArgumentParser, words: Sequence[str] | None
) -> tuple[argparse.Namespace, list[str], ShapePack]:
    """What words say, those behind `--` for `maquette train`, and the test shapes to score.

    Raises:
        BadInput: shapes that cannot be read, or of which none is for tests.
    """
    given = list(sys.argv[1:] if words is None else words)
    end = given.index("--") if "--" in given else len(given)
    options, more = parser.parse_args(given[:end]), given[end + 1 :]
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    pack = read_pack(options.shapes)
    tested = [i for i, entry in enumerate(pack.entries) if entry.split == "test"][:: options.every]
    if not tested:
        raise BadInput(options.shapes, "has nothing in its test split")
    return options, more, pack.take(tested)


def runs_there(
    system: str, options: argparse.Namespace, more: Sequence[str]
) -> list[tuple[dict[str, Any], Path]]:
    """The runs of all variants and seeds that are there, trained first where that is asked for.

    Returns:
        system, variant and seed of each, with what its log tells, and its folder.
    """
    there = []
    for seed in options.seeds:
        for variant in options.variants:
            folder = options.out / f"{variant}-{seed}"
            if options.train:
                words = {"recipe": options.recipe, "variant": variant, "shapes": options.shapes, "seed": seed}
                limits = {"steps": options.steps, "max-minutes": options.minutes, "threads": options.threads}
                said = {name: value for name, value in (words | limits).items() if value is not None}
                flags = [word for name, value in said.items() for word in (f"--{name}", value)]
                train(system, folder, [*flags, *more])
            if RunFolder(folder).weights.is_file():
                about = {"system": system, "variant": variant, "seed": seed}
                there.append(({**about, **of_run(folder)}, folder))
    return there


def train(system: str, folder: Path, words: Sequence[Any]) -> None:
    """Train a run by `maquette train`, unless that has been done; one that was stopped goes on.

    Args:
        system: its name.
        folder: of the run.
        words: more for the command.

    Raises:
        SystemExit: it fails.
    """
    if RunFolder(folder).weights.is_file():
        return
    said = [str(word) for word in ("train", system, *words, "-o", folder, "--resume", "--no-evaluation")]
    if code := subprocess.run([sys.executable, "-m", "maquette", *said], check=False).returncode:
        sys.exit(code)


def of_run(folder: Path) -> dict[str, Any]:
    """What a run's log tells: steps, seconds, and what its validations measured."""
    run = read_run(folder)
    curve = {name: run.log[f"val_{name}"] for name in run.validated}
    return {"steps": run.steps, "seconds": run.last("seconds"), "validation": curve}
