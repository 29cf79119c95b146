"""The study of textures runs, and judges by pictures that were held out."""

import json
from pathlib import Path

from maquette.bench.studies import textures
from maquette.io import read_cameras


def test_the_fox_is_coloured_each_way(tmp_path: Path) -> None:
    out = tmp_path / "textures.json"
    words = ["--drawn", "fox", "--size", "64", "--texels", "64", "--steps", "1", "--json", str(out)]
    numbers = textures.main(words)
    rows = numbers["rows"]
    assert json.loads(out.read_text())["rows"] == rows
    surfaces = {row["surface"] for row in rows}
    assert "true" in surfaces
    assert [row["colours"] for row in rows] == ["vertices", "texture of 64"] * len(surfaces)
    for row in rows:
        assert 10 < row["psnr_held_out"] < 40


def test_judges_have_the_true_brightness(tmp_path: Path) -> None:
    folder = textures._drawn(textures._blob(), tmp_path / "blob", 32)
    names = [view.image.name for view in read_cameras(folder / "cameras.json").views]
    assert len(names) == 22
    assert names[16:] == [f"judge{i:02d}.png" for i in range(6)]
