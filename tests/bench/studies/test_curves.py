"""The curves of training: which numbers of a run are drawn."""

import json

import pytest

from maquette.bench.studies import curves
from maquette.io.errors import BadInput


def test_validations_are_drawn_over_their_minutes(tmp_path):
    (tmp_path / "metrics.csv").write_text(
        "step,seconds,lr,loss,val_iou\n10,1.5,0.1,0.7,\n20,3.0,0.1,0.6,0.123456\n40,6.5,0.1,0.5,0.25\n"
    )
    picture, numbers = tmp_path / "curves.svg", tmp_path / "curves.json"
    curves.main([f"ours={tmp_path}", "--out", str(picture), "--json", str(numbers)])
    assert json.loads(numbers.read_text()) == {
        "ours": [{"step": 20, "seconds": 3.0, "iou": 0.1235}, {"step": 40, "seconds": 6.5, "iou": 0.25}]
    }
    assert "<svg" in picture.read_text()


@pytest.mark.parametrize(
    "log",
    [
        None,
        "step,seconds,loss\n10,1.5,0.7\n",
        "step,seconds,loss,val_iou\n10,1.5,0.7,\n",
        "step,loss,val_iou\n10,0.7,0.1\n",
        "step,seconds,val_iou\n10,,0.1\n20,3.0,0.2\n",
    ],
)
def test_a_run_without_validations_is_named(tmp_path, log):
    if log is not None:
        (tmp_path / "metrics.csv").write_text(log)
    with pytest.raises(BadInput, match=r"metrics\.csv: has no val_iou with seconds$"):
        curves.main([f"ours={tmp_path}", "--out", str(tmp_path / "curves.svg")])
    assert not (tmp_path / "curves.svg").exists()


def test_a_run_without_a_name_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        curves.main([str(tmp_path), "--out", str(tmp_path / "curves.svg")])
    assert "each run is given as NAME=RUN" in capsys.readouterr().err
