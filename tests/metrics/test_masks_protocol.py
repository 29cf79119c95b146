"""Protocol `masks`: closed forms of its measures, and rows of a system that knows the answer, or half of it."""

import pytest
import torch

from maquette.data.batch import Batch, Entry, Truth
from maquette.metrics.protocols import PROTOCOLS
from maquette.metrics.protocols.face import Case, Clock
from maquette.metrics.protocols.masks import mask_iou


def batch() -> tuple[Batch, list[Entry]]:
    masks = torch.zeros(2, 1, 1, 32, 32)
    masks[0, ..., 8:24, 8:24] = 1
    masks[1, ..., 4:28, 4:20] = 1
    return Batch(torch.full((2, 1, 3, 32, 32), 240 / 255), torch.tensor([0, 1]), Truth(masks=masks)), [
        Entry("a", "x", "test"),
        Entry("b", "y", "test"),
    ]


class Half:
    """Tells the left half of the first mask, and all of the second."""

    def masks(self, images: torch.Tensor) -> torch.Tensor:
        true = batch()[0].truth.masks[:, 0].clone()
        true[0, :, :, 16:] = 0
        return true[: len(images)]


def test_rows_and_pictures() -> None:
    protocol, (data, entries) = PROTOCOLS["masks"], batch()
    rows = protocol.rows(Half(), data, entries, (1,), 0, Clock("cpu"))
    assert [row.values["iou"] for row in rows] == pytest.approx([0.5, 1.0])
    assert [row.values["good"] for row in rows] == [0.0, 1.0]
    assert rows[0].values["error"] == pytest.approx(128 / 1024)
    first = data.first(1)
    case = Case("worst", entries[0], 0.5, first, protocol.predict(Half(), first))
    pictures = protocol.pictures(case)
    assert [tuple(picture.shape) for _, picture in pictures] == [(3, 32, 32)] * 4


class Brightness:
    """Tells how far pixels are from the mean."""

    def masks(self, images: torch.Tensor) -> torch.Tensor:
        return (images - images.mean()).abs().mean(1, keepdim=True)


def test_what_is_shown_is_what_was_scored() -> None:
    protocol, (data, entries) = PROTOCOLS["masks"], batch()
    first = data.first(1)
    (row,) = protocol.rows(Brightness(), first, entries[:1], (1,), 0, Clock("cpu"))
    told = protocol.predict(Brightness(), first)
    assert float((told - first.truth.masks[:, 0]).abs().mean()) == pytest.approx(
        row.values["error"], abs=1e-6
    )


def test_overlaps() -> None:
    a, b = torch.zeros(2, 1, 4, 4), torch.zeros(2, 1, 4, 4)
    a[0, :, :2], b[0, :, 1:3] = 0.9, 1
    assert mask_iou(a, b).tolist() == pytest.approx([1 / 3, 1.0])
