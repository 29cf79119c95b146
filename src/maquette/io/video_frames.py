"""Frames of a video that are worth looking at: sharp ones, spread over what the camera sees."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from .errors import BadInput
from .image_files import VIDEO_SUFFIXES

_SIDE = 160  # pixels of the longer side that sharpness and motion are told from
_FEWEST = 2


@dataclass(frozen=True, eq=False)
class Frame:
    """A frame of a video.

    Attributes:
        number: counted from 0.
        pixels: RGB.
        sharpness: variance of the Laplacian of its grey values, over that of the values themselves.
    """

    number: int
    pixels: UInt8[np.ndarray, "height width 3"]
    sharpness: float


def sample_frames(path: str | PathLike[str], count: int = 40) -> list[Frame]:
    """The sharpest frame of each of `count` parts of a video between which equally much moves.

    What moves is the mean change of grey values from one frame to the next: a camera that rests adds nothing, one
    that goes around quickly is looked at more often. The video is read twice, so that no more than the frames that
    are taken are held.

    Args:
        path: anything that OpenCV reads.
        count: of frames, at least 2; a video of fewer gives all of them.

    Returns:
        frames in the order of the video.

    Raises:
        BadInput: no video, or one of fewer than two frames.
        ValueError: fewer than two frames are asked for.
    """
    if count < _FEWEST:
        raise ValueError(f"count must be at least {_FEWEST}, got {count}")
    sharpness, motion = _looked_through(path)
    chosen = choose_frames(sharpness, motion, count)
    with _opened(path) as video:
        wanted = set(chosen.tolist())
        return [
            Frame(number, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), float(sharpness[number]))
            for number, pixels in zip(range(max(wanted) + 1), _frames(video), strict=False)
            if number in wanted
        ]


def choose_frames(sharpness: np.ndarray, motion: np.ndarray, count: int) -> np.ndarray:
    """Numbers of the sharpest frames of parts of equal motion.

    Args:
        sharpness: (n,) of each frame.
        motion: (n,) from the frame before to each; what the first has counts nothing.
        count: of parts.

    Returns:
        (m,) rising, m <= count.
    """
    if len(sharpness) <= count:
        return np.arange(len(sharpness))
    travelled = np.cumsum(np.concatenate([[0.0], np.maximum(motion[1:], 0) + 1e-6]))
    parts = np.minimum((travelled / travelled[-1] * count).astype(int), count - 1)
    return np.array(
        [int(np.flatnonzero(parts == part)[sharpness[parts == part].argmax()]) for part in np.unique(parts)]
    )


def _looked_through(path: str | PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Sharpness of each frame, and how much moved since the one before."""
    sharpness, motion, before = [], [], None
    with _opened(path) as video:
        for pixels in _frames(video):
            scale = min(1.0, _SIDE / max(pixels.shape[:2]))
            size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
            grey = cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
            values = grey.astype(np.float32)
            sharpness.append(float(cv2.Laplacian(values, cv2.CV_32F).var() / (values.var() + 1)))
            motion.append(0.0 if before is None else float(np.abs(values - before).mean()))
            before = values
    if len(sharpness) < _FEWEST:
        raise BadInput(path, f"has {len(sharpness)} frames that can be read; it is no video of an object")
    return np.array(sharpness), np.array(motion)


@contextmanager
def _opened(path: str | PathLike[str]) -> Iterator[cv2.VideoCapture]:
    if not Path(path).is_file():
        raise BadInput(path, "is a folder" if Path(path).is_dir() else "there is no such file")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # its complaints are ours to make
    video = cv2.VideoCapture(fspath(path))
    try:
        if not video.isOpened():
            raise BadInput(path, f"cannot be read as a video ({', '.join(VIDEO_SUFFIXES)})")
        yield video
    finally:
        video.release()


def _frames(video: cv2.VideoCapture) -> Iterator[np.ndarray]:
    while True:
        read, pixels = video.read()
        if not read:
            return
        yield pixels
