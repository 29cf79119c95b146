"""The study of Unsup3D: rows that `maquette train` understands, steps by CPU time, scores beside guesses."""

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest

from maquette.bench.studies import unsup3d_study as study
from maquette.cli.main import main
from maquette.cli.train_settings import read_settings
from maquette.systems.unsup3d.recipes import Unsup3DConfig
from maquette.training.run_folder import RunFolder


def settings(name: str, **files) -> Unsup3DConfig:
    options = Namespace(shapes="faces:20", features=None, vgg16=None, **files)
    return read_settings(["unsup3d", *study.command(name, 3, options), "-o", "run"]).config


def test_what_each_row_changes() -> None:
    whole = {name: settings(name) for name in study.ROWS}
    assert all(config.training.seed == 3 for config in whole.values())
    best, narrow = whole["best"], whole["narrow"]
    assert (best.loss.features, best.loss.first_weights) == ("mobilenet_v2", "none")
    assert replace(narrow, network=replace(narrow.network, numbers_width=24, dome=0.5)) == best
    assert narrow.network.numbers_width == narrow.network.width // 2
    assert whole["original-16"].network.width == 16
    assert whole["original-16"].network.formation.sampling == "original"
    assert whole["supervised"].network.parts == "depth"
    formation = narrow.network.formation
    changed = {
        "no-albedo-flip": replace(formation, flip_albedo=False),
        "no-depth-flip": replace(formation, flip_depth=False),
        "no-light": replace(formation, ambient=(1, 1), diffuse=(0, 0)),
    }
    for name, expected in changed.items():
        assert replace(narrow, network=replace(narrow.network, formation=expected)) == whole[name]
    assert whole["no-perceptual"].loss.perceptual == 0
    assert whole["vgg16-drawn"].loss.features == "vgg16"
    assert whole["no-confidence"].network.confidence == "none"
    assert replace(narrow, loss=replace(narrow.loss, filtered=1.0)) == whole["filtered"]
    assert replace(narrow, loss=replace(narrow.loss, levels=(4, 8, 16))) == whole["levels"]


def test_weights_of_features_are_given_to_the_rows_that_use_them(tmp_path: Path) -> None:
    options = Namespace(shapes="faces:20", features=tmp_path / "features", vgg16=None)
    given = {name: str(options.features) in study.command(name, 0, options) for name in study.ROWS}
    assert {name for name, is_given in given.items() if not is_given} == {
        "original-16", "supervised", "no-perceptual", "vgg16-drawn", "mobilenet_v2-drawn"
    }  # fmt: skip


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What `maquette train` is told; it seems to take 7 s to start, and 2 s a step."""
    told: list[list[str]] = []
    spent = [3.0]

    def train(system: str, folder: Path, words: list[str]) -> None:
        if RunFolder(folder).weights.is_file():
            return
        told.append(words)
        small = ["--size", "32", "--width", "8", "--batch", "2", "--quiet"]
        assert main(["train", system, *words, *small, "-o", str(folder), "--resume", "--no-evaluation"]) == 0
        spent[0] += 7 + 2 * int(words[words.index("--steps") + 1])

    monkeypatch.setattr(study, "train", train)
    monkeypatch.setattr(study, "_children", lambda: spent[0])
    return told


def test_a_row_is_trained_for_its_minutes_once_and_scored_beside_guesses(told, tmp_path: Path) -> None:
    words = [str(tmp_path / "out"), "--shapes", "faces:30", "--scored", "faces:30", "--train"]
    words += ["--minutes", "0.1", "--rows", "supervised", "--json", str(tmp_path / "study.json")]
    numbers = study.main(words)
    assert [one[one.index("--steps") + 1] for one in told] == ["2", "10", "3"]
    (row,) = numbers["rows"]
    (written,) = json.loads((tmp_path / "study.json").read_text())["rows"]
    assert written["scores"] == row["scores"]
    assert (row["row"], row["seed"], row["steps"], row["samples"]) == ("supervised", 0, 3, 6)
    assert row["cpu_seconds"] == 13
    assert row["command"].startswith("maquette train unsup3d --recipe supervised --shapes faces:30 --seed 0")
    assert row["features"] == "none"
    assert set(row["scores"]) == {"side", "mad", "angle"}
    assert numbers["guesses"]["mean"]["side"]["mean"] < numbers["guesses"]["constant"]["side"]["mean"]
    again = study.main(words)
    assert len(told) == 3
    assert again["rows"] == numbers["rows"]
    lines = study.table(again["rows"], again["guesses"]).splitlines()
    assert lines[2].startswith("| supervised, seed 0 | none | 3 | 6 | 0.2 |")
    assert lines[-1].startswith("| the mean depth of the training pictures |")
    assert {line.count("|") for line in lines} == {lines[0].count("|")}


def test_what_is_not_trained_is_not_there(told, tmp_path: Path) -> None:
    numbers = study.main([str(tmp_path), "--rows", "best"])
    assert (numbers["rows"], told) == ([], [])
