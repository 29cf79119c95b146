"""Outlines become the pixels inside them, and masks of pictures are judged by them."""

import json
import math
import tarfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from maquette.bench.studies import hand_masks as study
from maquette.bench.studies.hand_outlines import Outline, Outlines, outlined_pictures, polygon_pixels
from maquette.io import BadInput, save_image
from maquette.io.json_file import read_json

SHIPPED = Path(__file__).parents[3] / "benchmarks" / "data" / "hand_masks.json"
SIDE, CENTRE, RADIUS = 96, 50, 27


def test_a_rectangle_has_the_pixels_between_its_corners() -> None:
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:7] = True
    clockwise = [2, 1, 7, 1, 7, 4, 2, 4]
    assert np.array_equal(polygon_pixels(clockwise, (8, 6)), expected)
    turned = np.reshape(clockwise, (-1, 2))[::-1].ravel().tolist()
    assert np.array_equal(polygon_pixels(turned, (8, 6)), expected)


def test_slanted_sides_divide_at_the_centres() -> None:
    """The side from (0, 0) to (16, 4) is y = x / 4; a centre of the four rows is on none."""
    x, y = np.meshgrid(np.arange(16) + 0.5, np.arange(4) + 0.5)
    assert np.array_equal(polygon_pixels([0, 0, 16, 4, 0, 4], (16, 4)), y > x / 4)


def test_a_notch_is_outside_and_what_leaves_the_picture_is_cut() -> None:
    inside = polygon_pixels([-5, -5, 20, -5, 20, 20, 6, 20, 6, 3, 4, 3, 4, 20, -5, 20], (10, 10))
    expected = np.ones((10, 10), bool)
    expected[3:, 4:6] = False
    assert np.array_equal(inside, expected)


def test_holes_are_cut_from_all_that_is_around_them() -> None:
    square, part, hole = (0, 0, 6, 0, 6, 6, 0, 6), (5, 2, 9, 2, 9, 4, 5, 4), (2, 2, 7, 2, 7, 3, 2, 3)
    mask = Outline("a.png", "", "things", (10, 8), (square, part), (hole,)).mask()
    assert mask.shape == (1, 8, 10)
    assert int(mask.sum()) == 36 + 8 - 2 - 5
    assert not mask[0, 2, 2:7].any()
    assert mask[0, 2, 7:9].all()


@pytest.mark.parametrize("polygon", [[0, 0, 5, 5], [0, 0, 5, 5, 2, 7, 1]])
def test_what_is_no_polygon_is_refused(polygon: list[int], tmp_path: Path) -> None:
    picture = {"file": "a.png", "sha256": "0", "group": "cars", "size": [9, 9], "outer": [polygon]}
    (tmp_path / "outlines.json").write_text(json.dumps({"pictures": [picture]}))
    with pytest.raises(BadInput, match="three corners"):
        read_json(tmp_path / "outlines.json", Outlines)


def test_the_outlines_that_ship_are_whole() -> None:
    outlines = read_json(SHIPPED, Outlines).pictures
    groups = [outline.group for outline in outlines]
    assert {name: groups.count(name) for name in groups} == {"cars": 35, "faces": 16, "objects": 9}
    assert len({outline.sha256 for outline in outlines}) == 60
    for outline in outlines:
        share = float(outline.mask().float().mean())
        assert 0.05 < share < 0.95, outline.file
        corners = np.concatenate([np.reshape(polygon, (-1, 2)) for polygon in outline.outer])
        assert (corners >= 0).all()
        assert (corners <= outline.size).all()
    assert SHIPPED.stat().st_size < 200_000


def _disk(path: Path, colour: float) -> None:
    y, x = torch.meshgrid(torch.arange(SIDE) + 0.5, torch.arange(SIDE) + 0.5, indexing="ij")
    disk = (x - CENTRE).hypot(y - CENTRE) < RADIUS
    save_image(torch.where(disk, torch.tensor([colour, 0.2, 0.1])[:, None, None], torch.tensor(0.9)), path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pictures of a disk, one of them in an archive, and their outlines."""
    angles = [2 * math.pi * i / 48 for i in range(48)]
    ring = [round(CENTRE + RADIUS * turn(angle)) for angle in angles for turn in (math.cos, math.sin)]
    entries = []
    for name, colour, group in (("red.png", 0.8, "things"), ("dark.png", 0.1, "others")):
        _disk(tmp_path / name, colour)
        digits = sha256((tmp_path / name).read_bytes()).hexdigest()[:16]
        entries.append(
            {"file": name, "sha256": digits, "group": group, "size": [SIDE, SIDE], "outer": [ring]}
        )
    with tarfile.open(tmp_path / "dark.tar", "w") as archive:
        archive.add(tmp_path / "dark.png", "in/dark.png")
    (tmp_path / "dark.png").unlink()
    entries[1] |= {"file": "dark.tar", "member": "in/dark.png"}
    (tmp_path / "outlines.json").write_text(json.dumps({"what": "disks", "pictures": entries}))
    return tmp_path


def test_masks_are_judged_by_the_outlines(folder: Path) -> None:
    files = ["--data", str(folder), "--outlines", str(folder / "outlines.json")]
    numbers = study.main([*files, "--json", str(folder / "numbers.json")])
    assert list(numbers["ways"]) == ["network", "grabcut", "auto"]
    auto = numbers["ways"]["auto"]
    assert {name: row["pictures"] for name, row in auto.items()} == {"all": 2, "others": 1, "things": 1}
    assert auto["all"]["iou"] > 0.95
    assert auto["all"]["right"] == 1
    written = json.loads((folder / "numbers.json").read_text())
    assert [(row["id"], row["how"]) for row in written["pictures"]] == [
        ("red.png", "plain"),
        ("in/dark.png", "plain"),
    ]
    assert written["summary"] == numbers


def test_another_picture_under_the_name_is_refused(folder: Path) -> None:
    _disk(folder / "red.png", 0.7)
    outlines = read_json(folder / "outlines.json", Outlines).pictures
    with pytest.raises(BadInput, match=r"red\.png: is not the picture that was outlined"):
        list(outlined_pictures(folder, outlines))


def test_what_is_missing_is_told_by_its_file(folder: Path) -> None:
    outline = read_json(folder / "outlines.json", Outlines).pictures[1]
    other = Outline(outline.file, outline.sha256, "", outline.size, outline.outer, member="in/none.png")
    with pytest.raises(BadInput, match=r"dark\.tar.*none\.png"):
        list(outlined_pictures(folder, [other]))
    with pytest.raises(BadInput, match=r"dark\.tar"):
        list(outlined_pictures(folder / "nowhere", [outline]))
