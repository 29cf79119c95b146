"""Perspective cameras in the conventions of OpenCV and OpenGL.

A calibrated camera of either has a rotation R (N, 3, 3) and a translation t (N, 3) for column vectors,
x_view = R x_world + t, and a matrix K (N, 3, 3) of focal lengths and principal point in pixels, x right and y
down. In the view frame of OpenCV x points right, y down and z forwards; in that of OpenGL x points right, y up
and z backwards. Both see at (u, v) what they see in a picture whose top left pixel has its centre at
(pixel_center, pixel_center). That is 0.5 here and in PyTorch3D; say 0.0 for a K that counts pixel centres with
integers, as OpenCV's own calibration returns it, or everything is half a pixel off.
"""

import warnings
from typing import Any

import torch
from torch import Tensor

from .cameras_base import CamerasBase
from .cameras_multiview import PerspectiveCameras

_FROM_OPENCV = (-1.0, -1.0, 1.0)  # signs of the axes of the view frame: left, up, forwards
_FROM_OPENGL = (-1.0, 1.0, -1.0)


def cameras_from_opencv_projection(
    R: Tensor, tvec: Tensor, camera_matrix: Tensor, image_size: Tensor, pixel_center: float = 0.5
) -> PerspectiveCameras:
    """Cameras that see what calibrated cameras in OpenCV's convention see.

    Args:
        R: (N, 3, 3) rotations, as of `cv2.Rodrigues`; column vectors.
        tvec: (N, 3) translations.
        camera_matrix: (N, 3, 3) focal lengths and principal points in pixels.
        image_size: (N, 2) or (1, 2): (height, width) of the pictures.
        pixel_center: position of the first pixel's centre in the pixels of `camera_matrix`.

    Returns:
        N cameras in NDC, with `image_size`. Skew cannot be kept: it is left out with a warning.
    """
    return _cameras_from_calibration(R, tvec, camera_matrix, image_size, pixel_center, _FROM_OPENCV)


def opencv_from_cameras_projection(
    cameras: CamerasBase, image_size: Tensor, pixel_center: float = 0.5
) -> tuple[Tensor, Tensor, Tensor]:
    """Calibration in OpenCV's convention; inverse of `cameras_from_opencv_projection`.

    Unlike in PyTorch3D, any perspective cameras will do: `FoVPerspectiveCameras` and cameras in pixels too.

    Args:
        cameras: N perspective cameras.
        image_size: (N, 2) or (1, 2): (height, width) of the pictures.
        pixel_center: position of the first pixel's centre in the pixels of the result.

    Returns:
        R (N, 3, 3), tvec (N, 3) and camera_matrix (N, 3, 3).

    Raises:
        ValueError: orthographic cameras.
    """
    return _calibration_from_cameras(cameras, image_size, pixel_center, _FROM_OPENCV)


def cameras_from_opengl_projection(
    R: Tensor, tvec: Tensor, camera_matrix: Tensor, image_size: Tensor, pixel_center: float = 0.5
) -> PerspectiveCameras:
    """Cameras that see what calibrated cameras with OpenGL's view frame see, as in NeRF's data sets.

    Arguments and results as of `cameras_from_opencv_projection`: only the view frame differs.
    """
    return _cameras_from_calibration(R, tvec, camera_matrix, image_size, pixel_center, _FROM_OPENGL)


def opengl_from_cameras_projection(
    cameras: CamerasBase, image_size: Tensor, pixel_center: float = 0.5
) -> tuple[Tensor, Tensor, Tensor]:
    """Calibration with OpenGL's view frame; inverse of `cameras_from_opengl_projection`.

    Arguments, results and errors as of `opencv_from_cameras_projection`: only the view frame differs.
    """
    return _calibration_from_cameras(cameras, image_size, pixel_center, _FROM_OPENGL)


def _cameras_from_calibration(
    R: Tensor, tvec: Tensor, K: Tensor, image_size: Any, pixel_center: float, signs: tuple[float, ...]
) -> PerspectiveCameras:
    if (K[:, 0, 1].abs() > 1e-6 * K[:, 0, 0].abs()).any():
        warnings.warn("The skew of a camera matrix is left out", stacklevel=3)
    middle, scale = _picture(image_size, R)
    turn = R.new_tensor(signs)
    return PerspectiveCameras(
        R=R.transpose(1, 2) * turn,
        T=tvec * turn,
        focal_length=K.diagonal(dim1=1, dim2=2)[:, :2] / scale,
        principal_point=(middle - (K[:, :2, 2] + (0.5 - pixel_center))) / scale,
        image_size=image_size,
        device=R.device,
    )


def _calibration_from_cameras(
    cameras: CamerasBase, image_size: Any, pixel_center: float, signs: tuple[float, ...]
) -> tuple[Tensor, Tensor, Tensor]:
    if not cameras.is_perspective():
        raise ValueError("Orthographic cameras have no calibration matrix")
    middle, scale = _picture(image_size, cameras.R)
    to_ndc = cameras.get_projection_transform().compose(
        cameras.get_ndc_camera_transform(image_size=image_size)
    )
    projection = to_ndc.get_matrix() / to_ndc.get_matrix()[:, 2:3, 3:]
    focal = projection.diagonal(dim1=1, dim2=2)[:, :2] * scale
    point = middle - projection[:, 2, :2] * scale - (0.5 - pixel_center)
    K = torch.diag_embed(torch.cat((focal, torch.ones_like(focal[:, :1])), dim=1))
    K[:, :2, 2] = point
    turn = cameras.R.new_tensor(signs)
    return (cameras.R * turn).transpose(1, 2), cameras.T * turn, K


def _picture(image_size: Any, like: Tensor) -> tuple[Tensor, Tensor]:
    """Middle of the pictures, (N, 2) as (x, y), and half their shorter side, (N, 1), in pixels."""
    half = torch.as_tensor(image_size, device=like.device).to(like.dtype).view(-1, 2).flip(1) / 2
    return half, half.min(dim=1, keepdim=True).values
