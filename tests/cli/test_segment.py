"""`maquette segment`: masks of pictures, by the way that fits or the one that is named."""

import numpy as np
import pytest
from PIL import Image

SIDE = 96


def square(left: int = 30, background: int = 240) -> np.ndarray:
    pixels = np.full((SIDE, SIDE, 3), background, np.uint8)
    pixels[28:68, left : left + 36] = (170, 40, 30)
    return pixels


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for i, left in enumerate((20, 30, 40)):
        Image.fromarray(square(left)).save(folder / f"p{i}.png")
    return folder


def test_a_mask_of_one_picture(maquette, pictures, tmp_path) -> None:
    ran = maquette("segment", pictures / "p1.png", "-o", tmp_path / "mask.png", "--json", "-")
    assert ran.code == 0
    mask = np.asarray(Image.open(tmp_path / "mask.png"))
    assert mask.shape == (SIDE, SIDE)
    true = square()[..., 0] == 170
    assert ((mask > 127) & true).sum() / ((mask > 127) | true).sum() > 0.95
    (row,) = ran.json()["masks"]
    assert (row["by"], row["repaired"]) == ("plain", False)
    assert row["share"] == pytest.approx(true.mean(), abs=0.01)


def test_masks_of_a_folder_with_a_sheet(maquette, pictures, tmp_path) -> None:
    sheet = tmp_path / "sheet.png"
    ran = maquette("segment", pictures, "-o", tmp_path / "masks", "--same", "--mask-sheet", sheet)
    assert ran.code == 0
    assert sorted(path.name for path in (tmp_path / "masks").iterdir()) == ["p0.png", "p1.png", "p2.png"]
    assert Image.open(sheet).size == (3 * 192, 192)
    assert ran.out.count("wrote") == 4


def test_cut_out_and_by_name(maquette, tmp_path) -> None:
    noisy = square().astype(int) + np.random.default_rng(0).integers(-12, 12, (SIDE, SIDE, 3))
    Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(tmp_path / "noisy.png")
    out = tmp_path / "cut.png"
    ran = maquette(
        "segment", tmp_path / "noisy.png", "-o", out, "--cut-out", "--by", "grabcut", "--json", "-"
    )
    assert ran.code == 0
    cut = np.asarray(Image.open(out))
    assert cut.shape == (SIDE, SIDE, 4)
    assert cut[48, 48, 3] == 255
    assert abs(cut[48, 48, :3].astype(int) - (170, 40, 30)).max() <= 12
    assert cut[2, 2, 3] == 0
    assert ran.json()["masks"][0]["by"] == "grabcut"


def test_transparency_says_it(maquette, tmp_path) -> None:
    pixels = np.dstack([square(), np.zeros((SIDE, SIDE), np.uint8)])
    pixels[10:30, 10:30, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    ran = maquette("segment", tmp_path / "a.png", "-o", tmp_path / "m.png", "--json", "-")
    assert ran.json()["masks"][0]["by"] == "alpha"
    assert (np.asarray(Image.open(tmp_path / "m.png")) > 127).sum() == 400


def test_a_large_picture_gets_a_mask_of_its_own_size(maquette, tmp_path) -> None:
    Image.fromarray(square()).resize((2500, 2500)).save(tmp_path / "large.png")
    ran = maquette("segment", tmp_path / "large.png", "-o", tmp_path / "m.png")
    assert ran.code == 0
    assert Image.open(tmp_path / "m.png").size == (2500, 2500)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["p0.png", "-o", "p0.png"], 3, "which is read"),
        (["p0.png", "p1.png", "-o", "m.png"], 3, "go into a folder"),
        (["none.png", "-o", "m.png"], 3, "none.png"),
        (["p0.png", "-o", "m.png", "--object", "car"], 2, "--by deeplab"),
        (["p0.png", "-o", "m.png", "--by", "deeplab", "--object", "fox"], 2, "known are"),
        (["p0.png", "-o", "m.png", "--by", "plain", "--same"], 2, "--same"),
        (["p0.png", "-o", "m.png", "--mask-sheet", "s.txt"], 3, "must end in"),
        (["-o", "m.png"], 2, "no picture"),
    ],
)
def test_what_is_refused(maquette, pictures, words, code, said) -> None:
    before = sorted(pictures.iterdir())
    words = [pictures / word if word.endswith((".png", ".txt")) else word for word in words]
    ran = maquette("segment", *words)
    assert ran.code == code
    assert said in ran.err
    assert len(ran.err.strip().splitlines()) == 1
    assert sorted(pictures.iterdir()) == before


def test_a_picture_of_one_colour_and_two_of_one_name(maquette, pictures, tmp_path) -> None:
    Image.new("RGB", (64, 64), "grey").save(tmp_path / "plain.png")
    ran = maquette("segment", tmp_path / "plain.png", "-o", tmp_path / "m.png")
    assert (ran.code, (tmp_path / "m.png").exists()) == (3, False)
    assert "one colour" in ran.err
    (tmp_path / "other").mkdir()
    Image.fromarray(square()).save(tmp_path / "other" / "p0.png")
    ran = maquette("segment", pictures / "p0.png", tmp_path / "other" / "p0.png", "-o", tmp_path / "masks")
    assert ran.code == 3
    assert "same name" in ran.err
    assert not (tmp_path / "masks").exists()
