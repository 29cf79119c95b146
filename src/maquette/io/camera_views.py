"""Between the views of a `cameras.json` and the cameras of the renderer."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from ..structures.camera_conversions import cameras_from_opencv_projection, opencv_from_cameras_projection
from ..structures.cameras import CamerasBase, PerspectiveCameras
from .cameras_json import CameraView


def cameras_from_views(
    views: Sequence[CameraView], device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> PerspectiveCameras:
    """One batch of cameras (in NDC, pictures of any size and shape) that see what the views see.

    Args:
        views: at least one view.
        device: where the cameras go.
        dtype: of their numbers.
    """
    R, t, K = (torch.stack([getattr(v, name) for v in views]).to(device, dtype) for name in ("R", "t", "K"))
    sizes = torch.tensor([[v.height, v.width] for v in views], device=device)
    return cameras_from_opencv_projection(R, t, K, sizes)


def views_from_cameras(
    cameras: CamerasBase,
    image_size: Tensor,
    images: Sequence[Path] | None = None,
    masks: Sequence[Path] | None = None,
) -> tuple[CameraView, ...]:
    """The views of N perspective cameras, ready for `write_cameras`.

    Args:
        cameras: N perspective cameras.
        image_size: (N, 2) or (1, 2) whole numbers: (height, width) of the pictures.
        images, masks: N files each, or None.

    Raises:
        ValueError: orthographic cameras.
    """
    R, t, K = (x.detach().cpu().double() for x in opencv_from_cameras_projection(cameras, image_size))
    sizes = image_size.expand(len(R), 2).tolist()
    return tuple(
        CameraView(
            image=None if images is None else images[i],
            mask=None if masks is None else masks[i],
            width=int(width),
            height=int(height),
            K=_clean(K[i]),
            R=R[i],
            t=t[i],
        )
        for i, (height, width) in enumerate(sizes)
    )


def _clean(K: Tensor) -> Tensor:
    """Focal lengths and principal point alone; rounding elsewhere in the matrix is dropped."""
    clean = torch.eye(3, dtype=K.dtype)
    clean[0, 0], clean[1, 1], clean[:2, 2] = K[0, 0], K[1, 1], K[:2, 2]
    return clean
