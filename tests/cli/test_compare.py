"""`maquette compare`: table, page and numbers of runs; refusals."""

import json
from pathlib import Path

import pytest

from maquette.evaluate import evaluate
from maquette.metrics.protocols import PROTOCOLS
from maquette.report.files import write_evaluation
from voxel_fakes import BoxSource, Seer


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> list[Path]:
    """Two evaluated runs: the second under one protocol only."""
    source = BoxSource({"train": 4, "test": 6})
    root = tmp_path_factory.mktemp("runs")
    for name, errors, protocols in (("good", 0.05, ("r2n2-2016", "pix2vox")), ("bad", 0.4, ("pix2vox",))):
        for protocol in protocols:
            found = evaluate(Seer(source, errors), source, PROTOCOLS[protocol], views=[1], cases=0)
            write_evaluation(found, {"system": "r2n2", "recipe": name}, root / name / "eval")
    return [root / "good", root / "bad"]


def test_table_page_and_numbers(maquette, runs: list[Path], tmp_path: Path):
    ran = maquette("compare", *runs, "-o", tmp_path / "out.html")
    assert (ran.code, ran.err) == (0, "")
    assert "not comparable" not in ran.out
    lines = ran.out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["run", "good", "bad"]
    numbers = json.loads((tmp_path / "out.json").read_text())
    assert {run["protocol"]["name"] for run in numbers["runs"]} == {"pix2vox"}
    assert "2 runs side by side" in (tmp_path / "out.html").read_text()


def test_a_protocol_that_one_run_lacks_is_said(maquette, runs: list[Path], tmp_path: Path):
    words = ("--protocol", "r2n2-2016", "-o", tmp_path / "out.html", "--json", "-")
    ran = maquette("compare", *runs, *words)
    assert ran.code == 0
    assert ran.json()["differences"] == ["bad has not been evaluated so"]
    assert "bad has not been evaluated so" in ran.err


def test_protocols_that_differ_are_said_in_the_table(maquette, runs: list[Path], tmp_path: Path):
    files = [runs[0] / "eval" / "r2n2-2016.json", runs[1] / "eval" / "pix2vox.json"]
    ran = maquette("compare", *files, "-o", tmp_path / "out.html")
    head = next(line for line in ran.out.splitlines() if "IoU" in line)
    assert head.split()[-2:] == ["protocol", "threshold"]
    assert "not comparable as it stands: protocol differs" in ran.out


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["R", "--protocol", "best-of"], 2, "known are"),
        (["nothing"], 3, "no such folder or file"),
        (["R", "-o", "page.txt"], 3, "must end in .html"),
    ],
)
def test_refusals(
    maquette, runs: list[Path], tmp_path: Path, monkeypatch, words: list, code: int, reason: str
):
    monkeypatch.chdir(tmp_path)
    ran = maquette("compare", *(str(runs[0]) if word == "R" else word for word in words))
    assert (ran.code, ran.out) == (code, "")
    assert reason in ran.err
    assert list(tmp_path.iterdir()) == []


def test_no_runs(maquette):
    assert maquette("compare").code == 2
