"""An evaluation as numbers: groups, classes, sweep, what is left out."""

import json

import pytest

from maquette.data.problems import Problem
from maquette.evaluate import Evaluation, evaluate
from maquette.io.json_text import json_text
from maquette.metrics.protocols import PROTOCOLS
from maquette.report.numbers import numbers_of, origin
from voxel_fakes import BoxSource, Seer, column

ABOUT = {"system": "r2n2", "variant": "simple-gru-1", "data": "boxes", "weights": "run"}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    source = BoxSource({"train": 8, "test": 9})
    problems = [Problem("cup.ply", "no faces")]
    return evaluate(Seer(source, 0.2), source, PROTOCOLS["pix2vox"], views=[1, 3], problems=problems)


def test_means_of_all_and_of_each_origin(evaluation: Evaluation):
    groups = numbers_of(evaluation, ABOUT)["groups"]
    assert list(groups) == ["all", "hand-made", "shapeassembly"]
    assert [group["count"] for group in groups.values()] == [9, 6, 3]
    iou = column(evaluation, 3, "iou")
    assert groups["all"]["views"]["3"]["iou"]["sample_mean"] == pytest.approx(float(iou.mean()))
    low, tall = float(iou[0::2].mean()), float(iou[1::2].mean())
    assert groups["all"]["views"]["3"]["iou"]["class_mean"] == pytest.approx((low + tall) / 2)
    assert groups["shapeassembly"]["views"]["3"]["iou"]["sample_mean"] == pytest.approx(
        float(iou[0::3].mean())
    )


def test_one_origin_is_no_group_of_its_own():
    source = BoxSource({"test": 1})
    numbers = numbers_of(evaluate(Seer(source), source, PROTOCOLS["r2n2-2016"], views=[1]), ABOUT)
    assert list(numbers["groups"]) == ["all"]
    assert numbers["sweep"] is None
    assert numbers["controls"]["mean_grid"] is None


def test_origins():
    assert (origin("shapeassembly"), origin("families"), origin("kenney"), origin("")) == (
        "shapeassembly", "families", "hand-made", "hand-made",
    )  # fmt: skip


def test_classes_samples_and_what_is_left_out(evaluation: Evaluation):
    numbers = numbers_of(evaluation, ABOUT)
    assert {name: row["count"] for name, row in numbers["classes"].items()} == {"low": 5, "tall": 4}
    assert [sample["id"] for sample in numbers["samples"]] == [f"test{i}" for i in range(9)]
    assert numbers["samples"][4]["views"]["1"]["iou"] == pytest.approx(
        float(column(evaluation, 1, "iou")[4]), abs=1e-6
    )
    assert numbers["skipped"] == [{"path": "cup.ply", "reason": "no faces"}]
    assert numbers["about"] == ABOUT


def test_the_sweep_stands_apart_and_the_headline_is_the_protocols(evaluation: Evaluation):
    numbers = numbers_of(evaluation, ABOUT)
    assert [row["threshold"] for row in numbers["sweep"]["iou"]] == [0.2, 0.3, 0.4, 0.5]
    headline = numbers["groups"]["all"]["views"]["1"]["iou"]["sample_mean"]
    assert numbers["sweep"]["iou"][1]["sample_mean"] == pytest.approx(headline)
    assert numbers["protocol"]["threshold"] == 0.3


def test_everything_is_json(evaluation: Evaluation):
    back = json.loads(json_text(numbers_of(evaluation, ABOUT)))
    assert back["maquette_evaluation"] == 1
