"""The picture of `maquette bench dynamic`: what is drawn of its numbers."""

import json

import pytest
from PIL import Image

from maquette.bench import dynamic
from maquette.bench.studies import break_even
from maquette.io.errors import BadInput


def test_a_panel_for_each_block_and_a_line_for_each_map(tmp_path):
    result = dynamic.run("cpu", 1, 1, channels=(8,), sizes=(5, 7), shares=(0.2, 0.6))
    figure = break_even.draw(result["rows"])
    assert [axes.get_title() for axes in figure.axes] == [
        "bottleneck, 8 channels, float32", "basic, 8 channels, float32",
    ]  # fmt: skip
    for axes, rows in zip(figure.axes, (result["rows"][:4], result["rows"][4:]), strict=True):
        lines = {line.get_label(): line for line in axes.lines[1:]}
        assert list(lines) == ["5 x 5", "7 x 7"]
        assert list(lines["7 x 7"].get_xdata()) == [row["share"] for row in rows[2:]]
        assert list(lines["7 x 7"].get_ydata()) == [row["ratio"] for row in rows[2:]]
    numbers, picture = tmp_path / "dynamic.json", tmp_path / "dynamic.png"
    numbers.write_text(json.dumps(result))
    break_even.main([str(numbers), "--out", str(picture)])
    assert Image.open(picture).width > 600


def test_numbers_that_are_missing_are_named(tmp_path):
    with pytest.raises(BadInput, match=r"dynamic\.json"):
        break_even.main([str(tmp_path / "dynamic.json"), "--out", str(tmp_path / "dynamic.png")])
