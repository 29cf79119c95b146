"""What molding looks at: pictures, masks and cameras, from a folder or rendered from a mesh."""

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import ndimage
from torch import Tensor

from ...io import BadInput, CameraView, cameras_from_views, load_image, load_mask, read_any_cameras
from ...io.any_cameras_parse import need_cameras
from ...ops.one_canvas import on_one_canvas
from ...renderer.views import render_views
from ...segment.found import find_object
from ...segment.pieces import without_specks
from ...structures import Meshes
from ...structures.cameras import CamerasBase
from ...structures.mask_box import reaches_border
from .folder import cut_off, differ

_CONTRAST = 0.10  # difference from the background, of the largest channel, that makes a pixel the object's
_PLAIN = 0.5  # share of the picture's border that must have the background's colour


@dataclass(frozen=True)
class TargetPictures:
    """Views of one object, all of one size.

    Attributes:
        masks: (N, H, W) 1 on the object, 0 elsewhere.
        cameras: N cameras.
        images: (N, 3, H, W) colours in [0, 1], or None where some view has only a mask.
        names: of the views, to choose and to report by.
        up: axis of the world that points up, such as "+Y".
        bounds: lowest and highest corner of a box around the object, where the camera file gives one.
    """

    masks: Float[Tensor, "view height width"]
    cameras: CamerasBase
    images: Float[Tensor, "view 3 height width"] | None
    names: tuple[str, ...]
    up: str = "+Y"
    bounds: tuple[tuple[float, ...], tuple[float, ...]] | None = None

    def __len__(self) -> int:
        return len(self.masks)

    def choose(self, views: list[int]) -> "TargetPictures":
        """Some of the views."""
        return replace(
            self,
            masks=self.masks[views],
            cameras=self.cameras[views],
            images=None if self.images is None else self.images[views],
            names=tuple(self.names[i] for i in views),
        )


def plain_background_mask(image: Float[Tensor, "3 height width"]) -> Bool[Tensor, "height width"] | None:
    """The object in front of a background of one colour: its largest piece, with holes filled.

    Args:
        image: colours in [0, 1]. The background's colour is the median along the picture's border; a pixel
            belongs to the object where its largest difference from it exceeds 0.10 in a channel.

    Returns:
        The mask; None where less than half of the border has the background's colour, or nothing stands out.
    """
    border = torch.cat((image[:, 0], image[:, -1], image[:, :, 0], image[:, :, -1]), dim=1)
    background = border.median(dim=1).values[:, None]
    if ((border - background).abs().amax(dim=0) <= _CONTRAST).float().mean() < _PLAIN:
        return None
    stands_out = ((image - background[..., None]).abs().amax(dim=0) > _CONTRAST).cpu().numpy()
    pieces, count = ndimage.label(stands_out)
    if count == 0:
        return None
    largest = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
    return torch.from_numpy(ndimage.binary_fill_holes(largest))


def load_pictures(
    folder: Path, device: torch.device | str = "cpu", root: Path | None = None
) -> TargetPictures:
    """Pictures, masks and cameras of a folder that has them in any known format; lenses are undone.

    A view's mask is its mask file; without one, its picture's transparency (an alpha channel that is opaque
    everywhere says nothing); without that, what stands out from a plain background, else what is found
    (`segment.find_object`). Specks far from the object do not count. Views of different sizes are laid on canvases of
    one, of the largest's longer side.

    Args:
        folder: with the cameras.
        device: of the result.
        root: as `read_cameras` takes it.

    Raises:
        BadInput: a missing or malformed file, a view whose mask cannot be found or is empty, or, among views of
            different sizes, one that shows a part of the object alone.
    """
    path = need_cameras(folder).path
    with TemporaryDirectory() as aside:
        file = read_any_cameras(folder, root, aside)
        loaded = [_load_view(view, path, i) for i, view in enumerate(file.views)]
    for i, (_, mask) in enumerate(loaded):
        if differ(file.views) and reaches_border(mask > 0.5):
            raise cut_off(path, i)
    colours = [image for image, _ in loaded if image is not None]
    views = cameras_from_views(file.views)
    masks, cameras, _ = on_one_canvas([mask[None] for _, mask in loaded], views)
    images = on_one_canvas(colours, views).pictures if len(colours) == len(loaded) else None
    names = tuple(Path(v.image or v.mask or str(i)).name for i, v in enumerate(file.views))
    return TargetPictures(
        (masks[:, 0] > 0.5).float().to(device),
        cameras.to(device),
        None if images is None else images.to(device),
        names,
        file.up,
        file.bounds,
    )


def _load_view(view: CameraView, path: Path, index: int) -> tuple[Tensor | None, Tensor]:
    image = None if view.image is None else load_image(view.image)
    colours = None if image is None else (image[:3] if len(image) >= 3 else image[:1].expand(3, -1, -1))
    if view.mask is not None:
        return colours, without_specks(load_mask(view.mask).float(), str(view.mask))[0]
    if view.image is None or image is None or colours is None:
        raise BadInput(path, "has neither a picture nor a mask", f"view {index}")
    transparent = len(image) == 4 and bool((image[3] < 1).any())
    mask = image[3] > 0.5 if transparent else plain_background_mask(colours)
    if mask is None:
        found = find_object(colours)
        if found is None:
            raise BadInput(view.image, "has no mask, and no object was found in it")
        mask = found.mask[0] > 0.5
    if not bool(mask.any()):
        raise BadInput(view.image, "its mask is empty")
    return colours, without_specks(mask[None].float(), str(view.image))[0]


def picture_mesh(mesh: Meshes, cameras: CamerasBase, size: int, up: str = "+Y") -> TargetPictures:
    """A mesh seen by cameras: hard masks and, where it has a texture, its unlit colours."""
    views = render_views(mesh, cameras, (size, size), lit=False)
    names = tuple(f"view {i}" for i in range(len(cameras)))
    images = None if mesh.textures is None else views.images
    return TargetPictures(views.masks.float(), cameras, images, names, up)
