"""Frames of a video: the sharp ones, where the camera moved."""

import cv2
import numpy as np
import pytest

from maquette.io.errors import BadInput
from maquette.io.video_frames import choose_frames, sample_frames

WIDTH, HEIGHT = 128, 96


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """Thirty frames of a wide noise picture: ten at rest, twenty in which it moves on; two of three are blurred."""
    path = tmp_path_factory.mktemp("video") / "v.avi"
    wide = np.random.default_rng(0).integers(0, 255, (HEIGHT // 8, 80, 3), np.uint8)
    wide = cv2.resize(wide, (640, HEIGHT), interpolation=cv2.INTER_NEAREST)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (WIDTH, HEIGHT))
    for i in range(30):
        left = 0 if i < 10 else 20 * (i - 9)
        frame = wide[:, left : left + WIDTH]
        writer.write(frame if i % 3 == 0 else cv2.GaussianBlur(frame, (0, 0), 4))
    writer.release()
    return path


def test_sharp_frames_spread_over_the_motion(video) -> None:
    frames = sample_frames(video, 6)
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(numbers)
    assert len(numbers) == 6
    assert all(number % 3 == 0 for number in numbers)
    assert sum(number >= 10 for number in numbers) >= 4
    assert all(frame.pixels.shape == (HEIGHT, WIDTH, 3) for frame in frames)
    assert min(frame.sharpness for frame in frames) > 0


def test_colours_are_rgb(tmp_path) -> None:
    writer = cv2.VideoWriter(str(tmp_path / "r.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 64))
    for _ in range(3):
        writer.write(np.broadcast_to(np.array([0, 0, 220], np.uint8), (64, 64, 3)).copy())  # BGR: red
    writer.release()
    frames = sample_frames(tmp_path / "r.avi", 5)
    assert len(frames) == 3
    assert frames[0].pixels[..., 0].mean() > 180 > 60 > frames[0].pixels[..., 2].mean()


def test_parts_of_equal_motion() -> None:
    sharpness, motion = np.ones(12), np.array([0.0] * 6 + [1.0] * 6)
    sharpness[[7, 11]] = 2
    chosen = choose_frames(sharpness, motion, 2)
    assert chosen.tolist() == [7, 11]
    assert choose_frames(np.ones(3), np.ones(3), 5).tolist() == [0, 1, 2]


def test_what_is_no_video(tmp_path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"no video at all")
    with pytest.raises(BadInput, match="as a video"):
        sample_frames(tmp_path / "v.mp4")
    with pytest.raises(BadInput, match="no such file"):
        sample_frames(tmp_path / "none.mp4")
    with pytest.raises(BadInput, match="folder"):
        sample_frames(tmp_path)
    with pytest.raises(ValueError, match="at least 2"):
        sample_frames(tmp_path / "v.mp4", 1)
