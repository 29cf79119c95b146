"""The curves of training: which numbers of a run are drawn."""

import json

from maquette.bench.studies import curves


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
