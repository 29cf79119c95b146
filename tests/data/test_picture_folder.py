from pathlib import Path

import pytest

from maquette.data.picture_folder import read_picture_folder
from maquette.data.splits import split_of
from maquette.io.errors import BadInput


def test_pictures_masks_and_categories(tmp_path: Path) -> None:
    for name in (
        "a.jpg",
        "a_mask.png",
        "b.PNG",
        "cup/c.webp",
        "lonely_mask.png",
        "notes.txt",
        ".x.png",
        ".d/y.png",
    ):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    found = {picture.entry.id: picture for picture in read_picture_folder(tmp_path)}
    assert list(found) == ["a.jpg", "b.PNG", "cup/c.webp", "lonely_mask.png"]
    assert found["a.jpg"].mask == tmp_path / "a_mask.png"
    assert [picture.mask for picture in found.values()][1:] == [None] * 3
    assert [picture.entry.category for picture in found.values()] == ["", "", "cup", ""]
    assert found["b.PNG"].entry.split == split_of("b.PNG")
    assert found["b.PNG"].image == tmp_path / "b.PNG"


def test_no_folder_and_no_picture(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no picture in it"):
        read_picture_folder(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        read_picture_folder(tmp_path / "gone")
