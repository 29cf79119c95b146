"""Moving pictures: all frames, for ever, whole or not at all."""

import pytest
import torch
from PIL import Image

from maquette.io import BadInput
from maquette.io.gif import save_gif


def test_a_gif_holds_all_frames_and_goes_on_for_ever(tmp_path) -> None:
    frames = torch.eye(3)[:, :, None, None].expand(-1, -1, 8, 8)
    save_gif(frames, tmp_path / "a.gif", 50)
    with Image.open(tmp_path / "a.gif") as film:
        assert (film.n_frames, film.info["loop"], film.info["duration"]) == (3, 0, 50)
        for i in range(3):
            film.seek(i)
            assert film.convert("RGB").getpixel((3, 3)) == tuple((255 * frames[i, :, 0, 0]).int().tolist())


def test_what_cannot_be_written_leaves_nothing(tmp_path) -> None:
    with pytest.raises(BadInput, match="no frames"):
        save_gif(torch.rand(0, 3, 4, 4), tmp_path / "a.gif")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        save_gif(torch.rand(1, 3, 4, 4), tmp_path / "file" / "a.gif")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
