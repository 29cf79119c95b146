"""Middlebury's `*_par.txt`: whole pixels as centres, and bad files."""

import pytest
import torch

from camera_scene import scene_views, silhouettes, write_scene
from maquette.io import BadInput, read_any_cameras
from maquette.io.middlebury import parse_middlebury


def write(cameras, folder):
    """The file as its readme describes it: K of whole pixels, R and t, row by row."""
    lines = [str(len(cameras.views))]
    for view in cameras.views:
        K = view.K.clone()
        K[:2, 2] -= 0.5
        numbers = [*K.flatten().tolist(), *view.R.flatten().tolist(), *view.t.tolist()]
        lines.append(" ".join([view.image.name, *map(repr, numbers)]))
    path = folder / "images" / "scene_par.txt"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_silhouettes_and_numbers(tmp_path):
    write(write_scene(tmp_path), tmp_path)
    found = read_any_cameras(tmp_path / "images")
    assert found.up == "+Y"
    for new, old in zip(found.views, scene_views(), strict=True):
        for name in ("K", "R", "t"):
            assert torch.allclose(getattr(new, name), getattr(old, name), rtol=0, atol=1e-6)
    assert torch.equal(silhouettes(found.views), silhouettes(scene_views()))


def change(line, word, value):
    def spoil(rows):
        words = rows[line].split()
        words[word] = value
        rows[line] = " ".join(words)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda rows: rows.pop(), "line 1: says 3 pictures, but 2 lines follow"),
        (lambda rows: rows.append(rows[1]), "says 3 pictures, but 4 lines follow"),
        (lambda rows: rows.pop(0), "line 1: must be the number of pictures"),
        (lambda rows: rows.clear(), "the file is empty"),
        (change(0, 0, "9" * 4000), "pictures, but 3 lines follow"),
        (change(2, 0, "gone.png"), "gone.png"),
        (change(2, 3, "x"), "line 3: holds a word that is no number"),
        (change(2, 3, "nan"), "line 3: holds a number that is not finite"),
        (change(2, 10, "5"), "line 3: does not hold a rotation"),
        (change(2, 1, "-5"), "line 3: must have positive focal lengths"),
        (change(2, 21, ""), "line 3: must hold a name and 21 numbers, got 20"),
    ],
)
def test_bad_files(tmp_path, spoil, words):
    path = write(write_scene(tmp_path), tmp_path)
    rows = path.read_text().splitlines()
    spoil(rows)
    path.write_text("\n".join(rows))
    with pytest.raises(BadInput) as caught:
        parse_middlebury(path)
    assert words in str(caught.value)
    assert str(path.parent) in str(caught.value)
