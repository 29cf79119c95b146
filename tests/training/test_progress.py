"""What a run remembers and tells."""

import math

from maquette.metrics.measure import Measure
from maquette.training.progress import LogRow, Progress

IOU, ERROR = Measure("iou", "IoU"), Measure("error", "error", higher=False, digits=4)


def test_better_is_higher_or_lower_as_the_goal_says():
    progress = Progress()
    assert [progress.judge(step, value, IOU) for step, value in enumerate((0.1, 0.3, 0.3, 0.2))] == [
        True, True, False, False,
    ]  # fmt: skip
    assert (progress.best, progress.best_step, progress.worse) == (0.3, 1, 2)
    progress = Progress()
    assert [progress.judge(step, value, ERROR) for step, value in enumerate((0.3, 0.1, 0.2))] == [
        True, True, False,
    ]  # fmt: skip
    assert (progress.best, progress.best_step) == (0.1, 1)


def test_nan_is_never_the_best():
    progress = Progress()
    assert not progress.judge(1, math.nan, ERROR)
    assert progress.best is None
    assert progress.judge(2, 5.0, ERROR)
    assert not progress.judge(3, math.nan, ERROR)


def test_a_row_in_words_and_columns():
    row = LogRow(4, 12.34, 56.78, 1e-3, {"loss": 0.5, "iou": 0.25}, {"loss": 0.75, "iou": 0.125}, 0.2)
    said = "loss 0.5000, IoU 0.250, val loss 0.7500, IoU 0.125, 56.8 samples/s, 12 s"
    assert row.text(IOU) == said
    assert row.short_text(IOU) == "loss 0.5000, IoU 0.250, 56.8 samples/s"
    assert list(row.columns()) == [
        "seconds", "samples_per_second", "lr", "loss", "iou", "val_loss", "val_iou",
    ]  # fmt: skip
    other = LogRow(4, 12.34, 56.78, 1e-3, {"loss": 0.5, "path_length": 2.0}, {}, 0.2)
    assert other.text(ERROR) == "loss 0.5000, path length 2.0000, best val error 0.2000, 56.8 samples/s, 12 s"
