"""`save_mp4`: moving pictures in many colours."""

import errno
from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float
from torch import Tensor

from .atomic import replacing_path
from .errors import BadInput, as_bad_input

_CODEC = "mp4v"  # MPEG-4 part 2, which OpenCV's wheel can write


def save_mp4(
    frames: Float[Tensor, "frame 3 height width"], path: str | PathLike[str], milliseconds: int = 70
) -> None:
    """Write an MP4 film, which is shown once; it appears whole or not at all.

    Its sides are even numbers of pixels: where a frame's is not, its last pixels are there twice.

    Args:
        frames: RGB in [0, 1], clamped.
        path: the .mp4 file to write or replace.
        milliseconds: that each frame is shown for.

    Raises:
        ValueError: frames that are shown for no time.
        BadInput: no frames, another suffix, or a place that cannot be written to.
    """
    if milliseconds <= 0:
        raise ValueError(f"milliseconds must be positive, got {milliseconds}")
    if len(frames) == 0:
        raise BadInput(path, "there are no frames to write")
    if Path(path).suffix.lower() != ".mp4":
        raise BadInput(path, "such a film's name ends with .mp4")
    pixels = (frames.detach().cpu().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    height, width = pixels.shape[1:3]
    even = np.pad(pixels, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    with as_bad_input(path, OSError, say="cannot be written"), replacing_path(path) as file:
        _encode(even, str(file), 1000 / milliseconds)


def _encode(pixels: np.ndarray, name: str, rate: float) -> None:
    """Write and count again: OpenCV says nothing where it fails."""
    size = pixels.shape[2], pixels.shape[1]
    writer = cv2.VideoWriter(name, cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*_CODEC), rate, size)
    for one in pixels:
        writer.write(np.ascontiguousarray(one[..., ::-1]))
    writer.release()
    reader = cv2.VideoCapture(name)
    written = int(reader.get(cv2.CAP_PROP_FRAME_COUNT)) if reader.isOpened() else 0
    reader.release()
    if written != len(pixels):
        raise OSError(errno.EIO, f"{written} of {len(pixels)} frames could be written", name)
