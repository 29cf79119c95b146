"""The page of an evaluation: complete, of one file, and escaped."""

import re
from dataclasses import replace

import pytest

from maquette.data.problems import Problem
from maquette.evaluate import Evaluation, evaluate
from maquette.metrics.protocols import PROTOCOLS
from maquette.renderer.turntable import script
from maquette.report.evaluation_page import evaluation_page
from maquette.report.files import write_evaluation
from maquette.report.numbers import averaging, numbers_of
from voxel_fakes import BoxSource, Seer, column

ABOUT = {"system": "r2n2", "variant": "<b>wide</b>", "data": "boxes", "weights": "run", "parameters": 1234567}


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    source = BoxSource({"train": 8, "test": 6})
    problems = [Problem("cup.ply", "no <faces>")]
    return evaluate(Seer(source, 0.2), source, PROTOCOLS["pix2vox"], views=[1, 6], problems=problems, cases=1)


@pytest.fixture(scope="module")
def html(evaluation: Evaluation) -> str:
    return evaluation_page(evaluation, numbers_of(evaluation, ABOUT))


def test_says_what_the_protocol_fixes(html: str):
    for words in (
        "pix2vox",
        "test",
        "&gt;= 0.3, fixed",
        "1, 6 (the first n)",
        "sample mean",
        "1,234,567",
        "6 in 2 classes",
    ):
        assert words in html


def test_says_of_a_single_mean_what_it_is(evaluation: Evaluation):
    numbers = numbers_of(evaluation, ABOUT)
    assert averaging(numbers) == "both; published: sample mean"
    single = {name: {"mean": 0.5} for name in numbers["groups"]["all"]["views"]["1"]}
    assert averaging({**numbers, "groups": {"all": {"views": {"1": single}}}}) == "sample mean"


def test_shows_means_controls_sweep_and_what_is_left_out(html: str, evaluation: Evaluation):
    assert f"{float(column(evaluation, 1, 'iou').mean()):.3f}" in html
    for words in (
        "Does it look at the picture?",
        "Other thresholds",
        "More views",
        "cup.ply",
        "1 of 7 samples",
    ):
        assert words in html


def test_shows_every_case_in_pictures(html: str):
    assert html.count('<div class="case">') == 3
    # One input, the prediction and the target from two sides each; two plots of views and two of the spread.
    assert html.count("<img") == 3 * 5 + 4
    assert html.count('<canvas class="model"') == 3 * 2


def test_needs_no_other_file_and_one_script_of_its_own(html: str):
    sources = re.findall(r'(?:src|href)="([^"]{0,12})', html)
    assert sources
    assert all(source.startswith("data:image/") for source in sources)
    assert html.count("<script>") == html.count("<script") == 1
    assert html.count(script()) == 1
    assert "http" not in re.sub(r'"data:[^"]*"', "", html)


def test_names_are_escaped(html: str):
    assert "&lt;b&gt;wide&lt;/b&gt;" in html
    assert "<b>wide</b>" not in html
    assert "no &lt;faces&gt;" in html


def test_light_and_dark(html: str):
    assert "prefers-color-scheme: dark" in html


def test_the_same_page_again(evaluation: Evaluation):
    short = replace(evaluation, cases=evaluation.cases[:1])
    numbers = numbers_of(short, ABOUT)
    assert evaluation_page(short, numbers) == evaluation_page(short, numbers)


def test_files_have_the_protocols_name_and_the_splits(evaluation: Evaluation, tmp_path):
    written = write_evaluation(replace(evaluation, cases=()), ABOUT, tmp_path / "eval")
    assert [path.name for path in written] == ["pix2vox.json", "pix2vox.html"]
    other = replace(evaluation, cases=(), split="val")
    assert write_evaluation(other, ABOUT, tmp_path)[0].name == "pix2vox-val.json"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "eval",
        "pix2vox-val.html",
        "pix2vox-val.json",
    ]
