"""Runs side by side: what is read of a run, what may not be compared, tables and page."""

import copy
import json
from pathlib import Path

import pytest

from maquette.evaluate import evaluate
from maquette.io.errors import BadInput
from maquette.io.json_text import json_text
from maquette.metrics.protocols import PROTOCOLS
from maquette.report.comparison import common_views, comparison_of
from maquette.report.comparison_page import comparison_page, footnote, run_table, score_table
from maquette.report.files import read_evaluation
from maquette.report.numbers import numbers_of
from maquette.report.runs import protocols_of, read_run
from voxel_fakes import BoxSource, Seer

OLD = {  # as version 0.1 wrote it
    "maquette_evaluation": 1,
    "version": "0.1.0",
    "about": {
        "system": "r2n2", "variant": "simple-gru-3", "parameters": 2615262, "recipe": "best",
        "weights": "runs/old", "data": "boxes", "pictures": "drawn", "device": "cpu", "seed": 0,
    },
    "protocol": {
        "name": "r2n2-2016", "source": "Choy et al.", "split": "test", "threshold": 0.4, "views": [1, 2],
        "own_views": [1, 2, 3, 4, 5], "averaging": "class mean", "note": "",
    },
    "groups": {
        "all": {
            "count": 6, "classes": 2,
            "views": {
                count: {
                    name: {"sample_mean": mean, "class_mean": mean + 0.01}
                    for name, mean in (("iou", 0.4), ("log_loss", 0.3), ("average_precision", 0.6), ("fscore", 0.1))
                }
                for count in ("1", "2")
            },
        },
    },
    "classes": {
        name: {"count": 3, "views": {"1": {"iou": iou, "log_loss": 0.3, "average_precision": 0.6, "fscore": 0.1}}}
        for name, iou in (("low", 0.3), ("tall", 0.5))
    },
    "sweep": None,
    "controls": {
        "views": 1,
        "other_target": {"compared": 6, "share_won": 0.8, "own": 0.4, "other": 0.2},
        "mean_grid": None,
    },
    "samples": [
        {"id": f"test{i}", "category": ("low", "tall")[i % 2], "source": "scans", "views": {"1": {"iou": 0.4}}}
        for i in range(6)
    ],
    "skipped": [],
    "seconds": {"all": 2.0, "network": 1.0},
}  # fmt: skip
LOG = """step,seconds,samples_per_second,lr,loss,iou,val_loss,val_iou
20,10.5,8,1e-4,0.5,0.1,,
40,21.0,8,1e-4,0.25,0.2,0.3,0.15
60,31.5,8,1e-4,0.125,0.3,,
"""


def numbers(protocol: str = "r2n2-2016", errors: float = 0.1, tests: int = 6, split: str = "test") -> dict:
    source = BoxSource({"train": 4, "test": tests})
    found = evaluate(Seer(source, errors), source, PROTOCOLS[protocol], split, views=[1, 2], cases=0)
    about = {
        "system": "r2n2",
        "variant": "simple-gru-3",
        "recipe": "best",
        "parameters": 1000,
        "pictures": "drawn",
    }
    return json.loads(json_text(numbers_of(found, about)))


@pytest.fixture(scope="module")
def found() -> dict[str, dict]:
    """Evaluations that runs are put together from; made once."""
    return {
        "r2n2-2016": numbers(),
        "r2n2-2016-train": numbers(split="train", errors=0.05),
        "pix2vox": numbers("pix2vox"),
        "fewer": numbers(tests=3),
        "worse": numbers(errors=0.3),
    }


def make_run(folder: Path, evaluations: dict[str, dict]) -> Path:
    (folder / "eval").mkdir(parents=True)
    for name, content in evaluations.items():
        (folder / "eval" / f"{name}.json").write_text(json_text(content))
    settings = {
        "recipe": "best",
        "config": {"network": {"variant": "simple-gru-3"}, "training": {"batch": 4}},
    }
    (folder / "config.json").write_text(json.dumps(settings))
    (folder / "metrics.csv").write_text(LOG)
    return folder


def test_reads_settings_log_and_evaluations(tmp_path: Path, found: dict):
    path = make_run(tmp_path / "one", {name: found[name] for name in ("r2n2-2016", "r2n2-2016-train")})
    run = read_run(path)
    assert (run.name, run.steps, run.last("seconds"), run.last("val_iou")) == ("one", 60, 31.5, 0.15)
    assert (run.setting("variant"), run.setting("batch"), run.setting("nothing")) == ("simple-gru-3", 4, None)
    assert run.log["val_loss"] == [(40, 0.3)]
    row = comparison_of([run])["runs"][0]
    assert (row["samples"], row["train"]["logged"], row["val"]["iou"]) == (240, ["loss"], 0.15)
    assert row["train"]["loss"] == 0.125
    assert (
        row["train"]["iou"] == found["r2n2-2016-train"]["groups"]["all"]["views"]["1"]["iou"]["sample_mean"]
    )


def test_training_scores_are_of_the_number_of_views_that_is_shown(tmp_path: Path, found: dict):
    few = copy.deepcopy(found["r2n2-2016"])
    most = str(few["protocol"]["views"][-1])
    few["protocol"]["views"] = [int(most)]
    run = read_run(
        make_run(tmp_path / "one", {"r2n2-2016": few, "r2n2-2016-train": found["r2n2-2016-train"]})
    )
    train = comparison_of([run])["runs"][0]["train"]
    there = found["r2n2-2016-train"]["groups"]["all"]["views"]
    assert most != "1"
    assert train["iou"] == there[most]["iou"]["sample_mean"]


def test_without_a_training_evaluation_the_log_is_shown_as_such(tmp_path: Path, found: dict):
    comparison = comparison_of([read_run(make_run(tmp_path / "one", {"r2n2-2016": found["r2n2-2016"]}))])
    head, rows = score_table(comparison)
    cells = dict(zip(head, rows[0], strict=True))
    assert (cells["train loss"], cells["train IoU"], cells["val IoU"]) == ("~0.125", "~0.300", "0.150")
    mean = found["r2n2-2016"]["groups"]["all"]["views"]["1"]["iou"]
    assert cells["test IoU"] == f"{mean['sample_mean']:.3f}"
    assert cells["class mean"] == f"{mean['class_mean']:.3f}"
    assert "~" in footnote(comparison["runs"])
    head, rows = run_table(comparison)
    assert rows[0] == ["one", "best", "simple-gru-3", "1,000", "60", "240", "32 s"]


def test_runs_that_were_not_evaluated_have_the_labels_of_their_system(tmp_path: Path):
    path = make_run(tmp_path / "one", {})
    settings = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps({**settings, "system": "r2n2"}))
    head, rows = score_table(comparison_of([read_run(path)]))
    cells = dict(zip(head, rows[0], strict=True))
    assert (cells["train IoU"], cells["val IoU"], cells["test IoU"]) == ("~0.300", "0.150", "-")


def test_the_same_protocol_and_samples_may_be_compared(tmp_path: Path, found: dict):
    runs = [
        read_run(make_run(tmp_path / "one", {"r2n2-2016": found["r2n2-2016"]})),
        read_run(make_run(tmp_path / "two", {"r2n2-2016": found["worse"]})),
    ]
    comparison = comparison_of(runs)
    assert comparison["differences"] == []
    head, rows = score_table(comparison)
    assert head[-4:] == ["class mean", "test log loss", "test AP", "test F@1 %"]
    assert float(rows[0][head.index("test IoU")]) > float(rows[1][head.index("test IoU")])
    assert "may not be compared" not in comparison_page(comparison)


def runs_of_two_losses(folder: Path, found: dict) -> list:
    runs = []
    for name, weights in (("one", {"dice": 1}), ("two", {"dice": 1}), ("three", {"dice": 2})):
        path = make_run(folder / name, {"r2n2-2016": found["r2n2-2016"]})
        settings = json.loads((path / "config.json").read_text())
        settings["config"]["loss"] = weights
        (path / "config.json").write_text(json.dumps(settings))
        runs.append(read_run(path))
    return runs


def test_losses_of_different_kinds_have_columns_of_their_own(tmp_path: Path, found: dict):
    runs = runs_of_two_losses(tmp_path, found)
    head, _ = score_table(comparison_of(runs[:2]))
    assert [word for word in head if word.endswith("loss")] == ["train loss", "val loss", "test log loss"]
    head, rows = score_table(comparison_of(runs))
    cells = [dict(zip(head, row, strict=True)) for row in rows]
    assert [cell["train loss of one, two"] for cell in cells] == ["~0.125", "~0.125", "-"]
    assert [cell["val loss of three"] for cell in cells] == ["-", "-", "0.300"]
    assert "train loss" not in head


def test_losses_of_different_kinds_have_axes_of_their_own(
    tmp_path: Path, found: dict, monkeypatch: pytest.MonkeyPatch
):
    drawn = []

    def curves(lines, x_label, y_label, marks=True, log_y=False, named=False) -> str:
        drawn.append((y_label, [*lines], named))
        return "data:,"

    monkeypatch.setattr("maquette.report.comparison_page.plots.curves", curves)
    runs = runs_of_two_losses(tmp_path, found)
    comparison_page(comparison_of(runs[:2]))
    assert drawn[0] == ("training loss", ["one", "two"], False)
    drawn.clear()
    comparison_page(comparison_of(runs))
    assert drawn[:2] == [("training loss", ["one", "two"], True), ("training loss", ["three"], True)]
    assert all("loss" not in label for label, *_ in drawn[2:])


def test_an_evaluation_of_version_0_1_stands_beside_one_of_today(tmp_path: Path, found: dict):
    """It knew voxels alone: its measures are theirs, and what its protocol fixed was the threshold."""
    paths = [make_run(tmp_path / name, {"r2n2-2016": content})
             for name, content in (("old", OLD), ("new", found["r2n2-2016"]))]  # fmt: skip
    assert protocols_of(paths[0] / "eval" / "r2n2-2016.json") == {"r2n2-2016"}
    comparison = comparison_of([read_run(path) for path in paths])
    assert comparison["differences"] == []
    old, new = comparison["runs"]
    assert old["measures"] == new["measures"]
    assert (old["parameters"], old["protocol"]["headline"]) == (2615262, "iou")
    assert old["controls"]["other_target"]["share_won"] == 0.8
    head, (cells, _) = score_table(comparison)
    scores = dict(zip(head, cells, strict=True))
    assert (scores["test IoU"], scores["class mean"]) == ("0.400", "0.410")
    assert (scores["test log loss"], scores["test AP"], scores["test F@1 %"]) == ("0.300", "0.600", "0.100")
    html = comparison_page(comparison)
    assert "may not be compared" not in html
    assert "&gt;= 0.4, fixed" in html


def test_an_evaluation_of_version_0_1_with_another_threshold_is_told_apart(tmp_path: Path, found: dict):
    other = {**OLD, "protocol": {**OLD["protocol"], "threshold": 0.5}}
    contents = {"old": other, "new": found["r2n2-2016"]}
    runs = [read_run(make_run(tmp_path / name, {"r2n2-2016": contents[name]})) for name in contents]
    (words,) = comparison_of(runs)["differences"]
    assert words == "threshold differs (>= 0.5, fixed: old; >= 0.4, fixed: new)"


@pytest.mark.parametrize(
    ("other", "protocol", "columns"),
    [("fewer", "r2n2-2016", ["data"]), ("pix2vox", "pix2vox", ["protocol", "threshold"])],
)
def test_what_differs_is_said_and_is_a_column(
    tmp_path: Path, found: dict, other: str, protocol: str, columns: list
):
    one = read_run(make_run(tmp_path / "one", {"r2n2-2016": found["r2n2-2016"]}))
    two = read_run(make_run(tmp_path / "two", {protocol: found[other]}))
    comparison = comparison_of([one, two])
    assert [words.split()[0] for words in comparison["differences"]] == columns
    head, rows = score_table(comparison)
    assert head[-len(columns) :] == columns
    assert rows[0][-1] != rows[1][-1]
    assert "may not be compared" in comparison_page(comparison)


def test_a_run_that_was_not_evaluated_has_a_row_and_is_named(tmp_path: Path, found: dict):
    runs = [
        read_run(make_run(tmp_path / "one", {"r2n2-2016": found["r2n2-2016"]})),
        read_run(make_run(tmp_path / "two", {})),
    ]
    comparison = comparison_of(runs)
    assert comparison["differences"] == ["two has not been evaluated so"]
    head, rows = score_table(comparison)
    assert rows[1][head.index("test IoU")] == "-"
    assert comparison_page(comparison)
    assert common_views(comparison_of([runs[1]])["runs"]) == []


def test_files_of_evaluations_are_runs_too_and_equal_names_are_told_apart(tmp_path: Path, found: dict):
    for name in ("a", "b"):
        make_run(tmp_path / name, {"r2n2-2016": found["r2n2-2016"]})
    files = [tmp_path / name / "eval" / "r2n2-2016.json" for name in ("a", "b")]
    names = [row["name"] for row in comparison_of([read_run(file) for file in files])["runs"]]
    assert names == ["r2n2-2016 (1)", "r2n2-2016 (2)"]
    assert protocols_of(files[0]) == {"r2n2-2016"}


def test_the_protocol_that_is_asked_for(tmp_path: Path, found: dict):
    path = make_run(tmp_path / "one", {name: found[name] for name in ("r2n2-2016", "pix2vox")})
    assert protocols_of(path) == {"r2n2-2016", "pix2vox"}
    run = read_run(path, "pix2vox")
    assert run.evaluation is not None
    assert run.evaluation["protocol"]["name"] == "pix2vox"
    assert read_run(path, "seed001").evaluation is None


def test_the_page_stands_alone(tmp_path: Path, found: dict):
    runs = [read_run(make_run(tmp_path / "<one>", {"r2n2-2016": found["r2n2-2016"]}))]
    html = comparison_page(comparison_of(runs))
    assert "&lt;one&gt;" in html
    assert "<one>" not in html
    assert (
        html.count("<img") == 3
    )  # loss over steps, IoU over views, IoU by class; one validation is no curve


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("config.json", "[1]", "it must be an object"),
        ("config.json", "{", "Expecting property name"),
        ("metrics.csv", "step,loss\n20,high\n", "could not convert"),
        ("eval/r2n2-2016.json", '{"maquette_evaluation": 9}', "is not an evaluation"),
        ("eval/r2n2-2016.json", '{"maquette_evaluation": 1, "about": {}}', "lacks protocol, groups"),
        ("eval/r2n2-2016.json", json.dumps({**OLD, "protocol": {}}), "lacks measures"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, found: dict, name: str, text: str, reason: str):
    path = make_run(tmp_path / "one", {"r2n2-2016": found["r2n2-2016"]})
    (path / name).write_text(text)
    with pytest.raises(BadInput, match=reason) as caught:
        read_run(path)
    assert caught.value.path == str(path / name)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        ("about", [], "about must be an object, got []"),
        ("protocol", "r2n2-2016", "protocol must be an object, got 'r2n2-2016'"),
        ("protocol.threshold", "0.4", "protocol.threshold must be a number, got '0.4'"),
        ("protocol.threshold", None, "protocol.threshold must be a number, got None"),
        ("protocol.name", 5, "protocol.name must be a word, got 5"),
        ("protocol.split", ..., "protocol.split is missing"),
        ("protocol.views", 1, "protocol.views must be a list, got 1"),
        ("protocol.views", ["1"], "protocol.views[0] must be a whole number, got '1'"),
        ("protocol.views", [], "protocol.views must not be empty"),
        ("groups", None, "groups must be an object, got None"),
        ("groups", ["all"], "groups must be an object, got ['all']"),
        ("groups", {}, "lacks the group all"),
        ("groups.all", 3, "groups.all must be an object, got 3"),
        ("groups.all.count", ..., "groups.all.count is missing"),
        ("groups.all.views.1", 0.5, "groups.all.views.1 must be an object, got 0.5"),
        ("groups.all.views.1.iou", 0.5, "groups.all.views.1.iou must be an object, got 0.5"),
        ("groups.all.views.1.iou.sample_mean", "high", "iou.sample_mean must be a number, got 'high'"),
        ("classes.low.views", [], "classes.low.views must be an object, got []"),
        ("samples", {}, "samples must be a list, got {}"),
        ("samples", [1], "samples[0] must be an object, got 1"),
        ("samples", [{"category": "low"}], "samples[0].id is missing"),
        ("measures", {"iou": 1}, "measures must be a list, got {'iou': 1}"),
        ("measures", [{"name": "iou"}], "protocol.fixed is missing"),
    ],
)
def test_parts_of_another_kind_are_named(tmp_path: Path, place: str, value: object, reason: str):
    numbers = copy.deepcopy(OLD)
    *way, last = place.split(".")
    inner = numbers
    for name in way:
        inner = inner[name]
    inner.pop(last, None)
    if value is not ...:
        inner[last] = value
    path = tmp_path / "numbers.json"
    path.write_text(json.dumps(numbers))
    with pytest.raises(BadInput) as caught:
        read_evaluation(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert caught.value.reason.endswith(reason)


def test_measures_of_another_kind_are_named(tmp_path: Path, found: dict):
    path = tmp_path / "numbers.json"
    path.write_text(json_text({**found["r2n2-2016"], "measures": [{"name": "iou"}]}))
    with pytest.raises(BadInput, match=r"measures\[0\]\.label is missing"):
        read_evaluation(path)


def test_nothing_there(tmp_path: Path):
    with pytest.raises(BadInput, match="no such folder"):
        read_run(tmp_path / "nothing")
    with pytest.raises(BadInput, match="No such file"):
        read_evaluation(tmp_path / "nothing.json")
