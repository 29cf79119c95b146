"""Wrong masks cost at least what they cannot reach, right ones do not; every condition is a row and a line."""

import json

import pytest
import torch

from maquette.bench.studies import six_cars
from maquette.io import save_image
from maquette.poses.cube_fit import Stage
from maquette.poses.near import poses_near


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Dark boxes with a smaller box on top, between black bars."""
    folder = tmp_path_factory.mktemp("pictures")
    for i, name in enumerate(six_cars.NAMES):
        image = torch.zeros(3, 512, 512)
        image[:, 64:448] = 0.9
        image[0, 240:340, 100 + 8 * i : 420] = image[0, 170:240, 180:320] = 0.7
        image[1:, 240:340, 100 + 8 * i : 420] = image[1:, 170:240, 180:320] = 0.1
        save_image(image, folder / name)
    return folder


def test_masks(pictures):
    masks = six_cars.car_masks(pictures)
    assert masks.shape == (6, 128, 128)
    assert set(masks.unique().tolist()) == {0.0, 1.0}
    assert masks[0].mean() == pytest.approx((100 * 320 + 70 * 140) / 512**2, rel=0.15)
    assert masks[1].mean() == pytest.approx(0.29, abs=0.03)  # by hand, whatever the picture shows


def test_rows(pictures, tmp_path, monkeypatch):
    quick = (Stage(20, 12, 12), Stage(20, 16, 16))
    monkeypatch.setattr(six_cars, "poses_near", lambda masks, R, fov: poses_near(masks, R, fov, stages=quick))
    out = tmp_path / "docs" / "six.svg"
    words = [str(pictures), "--steps", "6", "--out", str(out), "--json", str(tmp_path / "n.json")]
    numbers = six_cars.main(words)
    assert json.loads((tmp_path / "n.json").read_text())["rows"] == numbers["rows"]
    rows = {row["name"]: row for row in numbers["rows"]}
    assert list(rows) == ["classes", "masks", "cameras", "large steps"]
    assert rows["classes"]["least"] > 36 * min(numbers["coverage"])
    assert rows["masks"]["first"] < 1
    assert len(numbers["iou_of_the_sixth"]) == 6
    assert out.read_text().startswith("<?xml")


def test_smoothed():
    assert six_cars.smoothed([1.0, 3.0, 5.0], 2) == [1.0, 2.0, 4.0]
