"""R2N2's pictures and cameras of ShapeNetCore's models, under PyTorch3D's names."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..data.r2n2_files import CATEGORIES, read_metadata
from ..data.r2n2_splits import read_split
from ..io.errors import ParseError, as_bad_input
from ..io.files import read_file
from ..io.image_files import decode_image
from ..ops import cubify
from ..renderer import HardPhongShader
from ..renderer.views import cameras_from_r2n2
from ..structures.cameras_base import CamerasBase
from ..structures.device import Device
from ..structures.shape import SPLITS
from ..structures.utils import present
from ..transforms import Transform3d
from .collate import Item
from .shapenet_base import ShapeNetBase, pictures_of

_VIEWS = 24
_CUBIFY_THRESHOLD = 0.2  # Mesh R-CNN's
_INTRINSICS = ((2.1875, 0, 0, 0), (0, 2.1875, 0, 0), (0, 0, -1.002002, -0.2002002), (0, 0, 1, 0))


class R2N2(ShapeNetBase):
    """Models of a split that have R2N2's pictures.

    Args:
        split: "train", "val" or "test".
        shapenet_dir: ShapeNetCore.v1, for the meshes.
        r2n2_dir: the folder of R2N2's pictures.
        splits_file: split file in the form of Mesh R-CNN or of Pix2Vox.
        return_all_views: all pictures of the split, or one of them, drawn once.
        return_voxels: not offered; see `maquette.data.r2n2` for voxels in the object frame.
        views_rel_path: where in `r2n2_dir` the pictures are.
        voxels_rel_path: accepted for PyTorch3D's sake.
        load_textures, texture_resolution: as for `ShapeNetCore`.

    Raises:
        ValueError: another split, or voxels asked for.
        BadInput: a missing or malformed split file.

    Models and categories that are not there are warned of and left out, and so are all pictures where there is no
    folder of them.
    """

    def __init__(
        self,
        split: str,
        shapenet_dir: str,
        r2n2_dir: str,
        splits_file: str,
        return_all_views: bool = True,
        return_voxels: bool = False,
        views_rel_path: str = "ShapeNetRendering",
        voxels_rel_path: str = "ShapeNetVoxels",
        load_textures: bool = True,
        texture_resolution: int = 4,
    ) -> None:
        if split not in SPLITS:
            raise ValueError("split has to be one of (train, val, test).")
        if return_voxels:
            raise ValueError("return_voxels is not offered: maquette.data.r2n2 reads voxels.")
        super().__init__(shapenet_dir, "model.obj", load_textures, texture_resolution)
        self.r2n2_dir, self.views_rel_path = r2n2_dir, views_rel_path
        self.synset_dict = CATEGORIES
        self.return_images = Path(r2n2_dir, views_rel_path).is_dir()
        if not self.return_images:
            warnings.warn(f"{views_rel_path} not found in {r2n2_dir}: items have no pictures.", stacklevel=2)
        self.views_per_model_list: list[list[int]] = []
        self._list(split, splits_file, return_all_views)

    def _list(self, split: str, splits_file: str, return_all_views: bool) -> None:
        models: dict[str, dict[str, list[int]]] = {}
        for (synset, name), parts in read_split(splits_file).items():
            if split in parts:
                models.setdefault(synset, {})[name] = list(parts[split] or range(_VIEWS))
        for synset, views in models.items():
            folder = Path(self.shapenet_dir, synset)
            if synset not in CATEGORIES or not folder.is_dir():
                warnings.warn(f"Synset category {synset} is not in {self.shapenet_dir}.", stacklevel=3)
                continue
            names = [name for name in views if (folder / name).is_dir()]
            for name in views.keys() - set(names):
                warnings.warn(f"Model {name} from category {synset} is not present.", stacklevel=3)
            self._add_synset(synset, names)
            for name in names:
                place = slice(None) if return_all_views else int(torch.randint(len(views[name]), ()))
                chosen = views[name][place]
                self.views_per_model_list.append(chosen if isinstance(chosen, list) else [chosen])

    def __getitem__(
        self, model_idx: int | tuple[int, list[int]], view_idxs: int | Sequence[int] | None = None
    ) -> Item:
        """A model as `ShapeNetCore` has it, with images (V, H, W, 3) in [0, 1], R (V, 3, 3), T (V, 3), K (V, 4, 4).

        Args:
            model_idx: number of the model, or with the views as a pair.
            view_idxs: views of the split; all of them by default, and, with a warning, where one is not in it.
        """
        if isinstance(model_idx, tuple):
            model_idx, view_idxs = model_idx
        item = super().__getitem__(model_idx)
        item["images"] = None
        if self.return_images:
            views = self._views(self.views_per_model_list[model_idx], view_idxs)
            folder = Path(
                self.r2n2_dir, self.views_rel_path, item["synset_id"], item["model_id"], "rendering"
            )
            rows = torch.from_numpy(read_metadata(folder / "rendering_metadata.txt"))[views]
            azimuth, elevation, ratio = rows.unbind(1)
            cameras = cameras_from_r2n2(azimuth, elevation, ratio)
            item["images"] = torch.stack([_picture(folder / f"{view:02d}.png") for view in views])
            item["R"], item["T"] = cameras.R, cameras.T
            item["K"] = torch.tensor(_INTRINSICS).expand(len(views), 4, 4)
        return item

    def _views(self, there: list[int], asked: int | Sequence[int] | None) -> list[int]:
        if asked is None:
            return there
        views = [asked] if isinstance(asked, int) else [int(view) for view in asked]
        if set(views) <= set(there):
            return views
        warnings.warn(
            "A view in view_idxs is not in the loaded split: all of its views instead.", stacklevel=3
        )
        return there

    def render(  # type: ignore[override]
        self,
        model_ids: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        sample_nums: Sequence[int] | None = None,
        idxs: Sequence[int] | None = None,
        view_idxs: Sequence[int] | None = None,
        shader_type: type = HardPhongShader,
        device: Device = "cpu",
        **kwargs: Any,
    ) -> Tensor:
        """`ShapeNetBase.render`, by the cameras of these views unless `cameras`, or `R`, `T` and `K`, are given."""
        chosen = self._chosen(model_ids, categories, sample_nums, idxs)
        if "cameras" not in kwargs:
            items = [self[idx, view_idxs] for idx in chosen]  # type: ignore[index]
            calibration = {
                name: kwargs.pop(name) if name in kwargs else torch.cat([item[name] for item in items])
                for name in ("R", "T", "K")
            }
            kwargs["cameras"] = BlenderCamera(**calibration, device=device)
        return super().render(idxs=chosen, shader_type=shader_type, device=device, **kwargs)


def _picture(path: Path) -> Tensor:
    """(H, W, 3), colours as they are under transparency."""
    with as_bad_input(path, ParseError):
        array = decode_image(read_file(path))
    return torch.from_numpy(array)[..., :3].float()


def render_cubified_voxels(
    voxels: Tensor, shader_type: type = HardPhongShader, device: Device = "cpu", **kwargs: Any
) -> Tensor:
    """Pictures (N, H, W, 4) of occupied cells (N, D, D, D) as white cubes; `kwargs` as for `R2N2.render`."""
    return pictures_of(cubify(voxels, _CUBIFY_THRESHOLD), shader_type, device, **kwargs)


class BlenderCamera(CamerasBase):
    """Cameras of R2N2's pictures, whose projection K is given in NDC.

    Args:
        R: (N, 3, 3) rotations, T: (N, 3) translations, K: (N, 4, 4) projections, for column vectors.
        device: where they live.
    """

    def __init__(
        self,
        R: Tensor | None = None,
        T: Tensor | None = None,
        K: Tensor | None = None,
        device: Device = "cpu",
    ) -> None:
        super().__init__(
            device=device,
            R=torch.eye(3)[None] if R is None else R,
            T=torch.zeros(1, 3) if T is None else T,
            K=torch.eye(4)[None] if K is None else K,
        )

    def get_projection_transform(self, **kwargs: Any) -> Transform3d:
        """Map from the view frame to NDC."""
        return Transform3d(matrix=present(self.K).transpose(1, 2).contiguous(), device=self.device)

    def is_perspective(self) -> bool:
        """False, as in PyTorch3D: barycentric coordinates are not corrected for depth."""
        return False

    def in_ndc(self) -> bool:
        """True."""
        return True
