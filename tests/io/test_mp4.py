"""Films in MP4: all frames in their colours, of any size, whole or not at all."""

import cv2
import numpy as np
import pytest
import torch

from maquette.io import BadInput
from maquette.io.mp4 import save_mp4


def frames_of(path) -> tuple[np.ndarray, float]:
    """All frames of a film, RGB in [0, 1], and how many are shown in a second."""
    reader = cv2.VideoCapture(str(path))
    shown = []
    while (read := reader.read())[0]:
        shown.append(read[1][..., ::-1] / 255)
    return np.stack(shown), reader.get(cv2.CAP_PROP_FPS)


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 45), (2, 2)])
def test_an_mp4_holds_all_frames(tmp_path, height, width) -> None:
    colours = torch.tensor([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.2, 0.2, 0.9], [0.5, 0.5, 0.5]])
    save_mp4(colours[:, :, None, None].expand(-1, -1, height, width), tmp_path / "a.mp4", 50)
    shown, rate = frames_of(tmp_path / "a.mp4")
    assert shown.shape == (4, height + height % 2, width + width % 2, 3)
    assert rate == pytest.approx(20)
    np.testing.assert_allclose(shown.mean((1, 2)), colours, atol=0.04)


def test_an_mp4_shows_what_is_where(tmp_path) -> None:
    across, down = torch.linspace(0, 1, 64), torch.linspace(0, 1, 48)[:, None]
    picture = torch.stack(torch.broadcast_tensors(across, down, across * down))
    save_mp4(torch.stack([picture, picture.flip(-1)]), tmp_path / "a.mp4")
    shown, _ = frames_of(tmp_path / "a.mp4")
    assert np.abs(shown[0] - picture.permute(1, 2, 0).numpy()).mean() < 0.03
    assert np.abs(shown[1] - picture.flip(-1).permute(1, 2, 0).numpy()).mean() < 0.03


def test_what_cannot_be_written_leaves_nothing(tmp_path, monkeypatch) -> None:
    frames = torch.rand(3, 3, 8, 8)
    for milliseconds in (0, -70):
        with pytest.raises(ValueError, match=f"milliseconds must be positive, got {milliseconds}"):
            save_mp4(frames, tmp_path / "a.mp4", milliseconds)
    with pytest.raises(BadInput, match="no frames"):
        save_mp4(frames[:0], tmp_path / "a.mp4")
    with pytest.raises(BadInput, match=r"ends with \.mp4"):
        save_mp4(frames, tmp_path / "a.avi")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        save_mp4(frames, tmp_path / "file" / "a.mp4")
    monkeypatch.setattr("maquette.io.mp4._CODEC", "none")
    with pytest.raises(BadInput, match="cannot be written: 0 of 3 frames"):
        save_mp4(frames, tmp_path / "a.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_film_that_breaks_off_leaves_the_old_one(tmp_path, monkeypatch) -> None:
    save_mp4(torch.zeros(2, 3, 8, 8), tmp_path / "a.mp4")
    before = (tmp_path / "a.mp4").read_bytes()

    opened = cv2.VideoCapture

    class Short:
        """Around a video, not below its class: OpenCV's classes crash where a derived one is collected."""

        def __init__(self, name):
            self.video = opened(name)

        def __getattr__(self, name):
            return getattr(self.video, name)

        def get(self, what):
            return self.video.get(what) - (what == cv2.CAP_PROP_FRAME_COUNT)

    monkeypatch.setattr("maquette.io.mp4.cv2.VideoCapture", Short)
    with pytest.raises(BadInput, match="4 of 5 frames"):
        save_mp4(torch.ones(5, 3, 8, 8), tmp_path / "a.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == before
