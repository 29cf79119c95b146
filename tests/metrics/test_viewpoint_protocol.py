"""Protocol `viewpoint`: closed forms of its measures, and what guesses score."""

import json

import pytest
import torch

from maquette.data.batch import Batch
from maquette.data.drawn_views import DrawnViews
from maquette.data.open import pack_families
from maquette.data.views_config import ViewsConfig
from maquette.evaluate import evaluate
from maquette.metrics.protocols.viewpoint import (
    VIEWPOINT,
    Viewpoints,
    above,
    angle_between,
    constant_view,
    true_viewpoints,
)
from maquette.report.evaluation_page import evaluation_page
from maquette.report.numbers import numbers_of


class Off:
    """Knows the pictures, and tells azimuths so many degrees off, half of the pictures from behind."""

    def __init__(self, source: DrawnViews, off: float, behind: bool) -> None:
        batch = source.held_batch(range(len(source.entries)), 1)
        self.batch, self.off, self.behind = batch, off, behind

    def viewpoints(self, images: torch.Tensor) -> Viewpoints:
        batch: Batch = self.batch
        same = (batch.images[None, :, 0] == images[:, None]).flatten(2).all(2).float().argmax(1)
        azimuth, elevation = (truth[same, 0] for truth in true_viewpoints(batch))
        turned = 180.0 * (same % 2) * self.behind
        return Viewpoints((azimuth + self.off + turned) % 360, elevation + 2, 1 - turned / 360)


@pytest.fixture(scope="module")
def source() -> DrawnViews:
    return DrawnViews(pack_families(26, 3), ViewsConfig(size=32, render_size=32), truth=VIEWPOINT.needs)


def test_angles() -> None:
    one, other = torch.tensor([350.0, 10.0, 180.0, 90.0]), torch.tensor([10.0, 350.0, 0.0, 90.0])
    assert angle_between(one, other).tolist() == [20, 20, 180, 0]


@pytest.mark.parametrize(("off", "behind"), [(10.0, False), (-20.0, False), (10.0, True)])
def test_errors_are_told_and_opposite_views_counted(source, off: float, behind: bool) -> None:
    found = evaluate(Off(source, off, behind), source, VIEWPOINT, split="train", device="cpu", cases=1)
    numbers = numbers_of(found, {})
    told = {name: kinds["samples"] for name, kinds in numbers["groups"]["all"]["views"]["1"].items()}
    turned = sum(i % 2 for i, e in enumerate(source.entries) if e.split == "train") / len(found.entries)
    share = turned if behind else 0
    assert told["folded"] == pytest.approx(abs(off), abs=1e-3)
    assert told["opposite"] == pytest.approx(share)
    assert told["within_15"] == pytest.approx((1 - share) * (abs(off) <= 15))
    assert told["within_30"] == pytest.approx(1 - share)
    assert told["elevation"] == pytest.approx(2, abs=1e-3)
    surest = numbers["surest"]
    assert list(surest) == ["1", "0.75", "0.5", "0.25"]
    assert surest["0.25"]["opposite"] == 0
    assert surest["0.25"]["confidence"] == 1
    assert numbers["constant_view"]["azimuth"] > 40
    assert json.dumps(numbers, allow_nan=False)
    assert "constant view: azimuth" in VIEWPOINT.remarks(numbers)[0]
    page = evaluation_page(found, numbers)
    assert "A constant view" in page
    assert "target azimuth" in page
    pictures = VIEWPOINT.pictures(found.cases[0])
    assert [tuple(one.shape) for _, one in pictures] == [(3, 32, 32)] * 4


def test_a_constant_view_by_hand() -> None:
    told = constant_view(torch.arange(0.0, 360.0, 2.0), torch.arange(0.0, 180.0))
    assert told["azimuth"] == pytest.approx(90, abs=1)
    assert told["within_15"] == pytest.approx(1 / 12, abs=0.01)
    assert told["opposite"] == pytest.approx(1 / 6, abs=0.02)
    assert told["elevation"] == pytest.approx(45, abs=1)
    assert constant_view(torch.tensor([300.0]), torch.tensor([20.0]))["azimuth"] == 0


def test_a_hand_points_to_the_camera() -> None:
    dark = [above(32, (angle, (0.0, 0.0, 0.0)))[0] < 0.5 for angle in (0.0, 90.0, 180.0, 270.0)]
    down, right, up, left = dark
    assert down[20:, 15:17].any()
    assert not down[:16].any()
    assert right[15:17, 20:].any()
    assert not right[:, :16].any()
    assert torch.equal(up, down.flip(0))
    assert torch.equal(left, right.flip(1))
