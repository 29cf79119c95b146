"""Average precision of detections: the released code's numbers, and what can be said without them."""

import pytest
import torch

from golden_pix3d import pix3d_golden
from maquette.metrics.detection_precision import box_iou, detection_precision


@pytest.mark.parametrize("case", range(6))
def test_released_code(case: int) -> None:
    data = pix3d_golden("ap")
    prefix = f"voc/{case}/"
    found = detection_precision(
        data[prefix + "scores"], data[prefix + "labels"].bool(), int(data[prefix + "npos"])
    )
    assert abs(found - float(data[prefix + "ap"])) < 1e-6


def test_none_all_and_half() -> None:
    assert detection_precision(torch.zeros(0), torch.zeros(0, dtype=torch.bool), 3) == 0
    scores = torch.tensor([0.9, 0.8, 0.7, 0.6])
    assert detection_precision(scores, torch.tensor([True] * 4), 4) == 1
    assert detection_precision(scores, torch.tensor([True, False, True, False]), 2) == pytest.approx(
        (1 + 2 / 3) / 2
    )


def test_a_later_precision_that_is_higher_counts_for_lower_recalls() -> None:
    scores = torch.tensor([0.9, 0.8, 0.7])
    assert detection_precision(scores, torch.tensor([False, True, True]), 2) == pytest.approx(2 / 3)


def test_overlap_of_boxes() -> None:
    boxes = torch.tensor([[0.0, 0, 2, 2], [1, 1, 3, 3], [5, 5, 6, 6], [0, 0, 0, 0]])
    found = box_iou(boxes, torch.tensor([0.0, 0, 2, 2]))
    torch.testing.assert_close(found, torch.tensor([1.0, 1 / 7, 0, 0]))
