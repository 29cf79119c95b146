"""What ShapeNetCore and R2N2 share: lists of models, meshes from OBJ files, pictures of them."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from ..io.obj_io import load_obj
from ..renderer import (
    FoVPerspectiveCameras,
    HardPhongShader,
    MeshRasterizer,
    MeshRenderer,
    PointLights,
    RasterizationSettings,
    TexturesVertex,
)
from ..structures.device import Device
from ..structures.meshes import Meshes
from .collate import Item, collate_batched_meshes


def pictures_of(meshes: Meshes, shader_type: type, device: Device, **kwargs: Any) -> Tensor:
    """Pictures (N, H, W, 4) of meshes, white where they have no texture; see `ShapeNetBase.render`."""
    if meshes.textures is None:
        meshes.textures = TexturesVertex(torch.ones_like(meshes.verts_padded()))
    meshes = meshes.to(device)
    cameras = kwargs.get("cameras", FoVPerspectiveCameras()).to(device)
    if len(cameras) != 1 and len(cameras) % len(meshes) != 0:
        raise ValueError("Mismatch between batch dims of cameras and meshes.")
    if len(cameras) > 1:
        meshes = meshes.extend(len(cameras) // len(meshes))
    lights = kwargs.get("lights", PointLights()).to(device)
    rasterizer = MeshRasterizer(cameras, kwargs.get("raster_settings", RasterizationSettings()))
    shader = shader_type(device=device, cameras=cameras, lights=lights)
    pictures: Tensor = MeshRenderer(rasterizer, shader)(meshes)
    return pictures


class ShapeNetBase(Dataset[Item]):
    """Models by category.

    Attributes:
        synset_ids, model_ids: of every model, categories one after the other.
        synset_inv: label -> synset of the categories that were found.
        synset_start_idxs, synset_num_models: where the models of a synset begin, and how many there are.
    """

    def __init__(
        self, shapenet_dir: str, model_dir: str, load_textures: bool = True, texture_resolution: int = 4
    ) -> None:
        self.shapenet_dir = shapenet_dir
        self.model_dir = model_dir
        self.load_textures = load_textures
        self.texture_resolution = texture_resolution
        self.synset_dict: dict[str, str] = {}
        self.synset_inv: dict[str, str] = {}
        self.synset_ids: list[str] = []
        self.model_ids: list[str] = []
        self.synset_start_idxs: dict[str, int] = {}
        self.synset_num_models: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self.model_ids)

    def __getitem__(self, idx: int) -> Item:
        """verts (V, 3), faces (F, 3), textures (F, R, R, 3) or None, synset_id, model_id and label of a model."""
        synset, name = self.synset_ids[idx], self.model_ids[idx]
        verts, faces, textures = self._load_mesh(Path(self.shapenet_dir, synset, name, self.model_dir))
        return {
            "synset_id": synset,
            "model_id": name,
            "verts": verts,
            "faces": faces,
            "textures": textures,
            "label": self.synset_dict[synset],
        }

    def _add_synset(self, synset: str, names: Sequence[str]) -> None:
        self.synset_start_idxs[synset] = len(self.model_ids)
        self.synset_num_models[synset] = len(names)
        self.synset_ids += [synset] * len(names)
        self.model_ids += names
        self.synset_inv[self.synset_dict[synset]] = synset

    def _load_mesh(self, path: Path) -> tuple[Tensor, Tensor, Tensor | None]:
        size = self.texture_resolution
        verts, faces, aux = load_obj(
            path,
            create_texture_atlas=self.load_textures,
            load_textures=self.load_textures,
            texture_atlas_size=size,
        )
        textures = aux.texture_atlas
        if self.load_textures and textures is None:
            textures = verts.new_ones(len(faces.verts_idx), size, size, 3)
        return verts, faces.verts_idx, textures

    def render(
        self,
        model_ids: Sequence[str] | None = None,
        categories: Sequence[str] | None = None,
        sample_nums: Sequence[int] | None = None,
        idxs: Sequence[int] | None = None,
        shader_type: type = HardPhongShader,
        device: Device = "cpu",
        **kwargs: Any,
    ) -> Tensor:
        """Pictures (N, H, W, 4) of models: of these ids; else drawn from these categories; else these numbers; else
        drawn from all.

        Args:
            model_ids: ids of models.
            categories: synsets or labels, with `sample_nums` models drawn from each (one number counts for all).
            sample_nums: how many; one by default.
            idxs: numbers of models.
            shader_type: class of the shader.
            device: where to render.
            kwargs: `cameras` (one, or as many as models or a multiple), `raster_settings`, `lights`.

        Raises:
            ValueError: no such model or category, or numbers of cameras or samples that do not fit.
            IndexError: a number that is no model's.
        """
        chosen = self._chosen(model_ids, categories, sample_nums, idxs)
        collated = collate_batched_meshes([self[idx] for idx in chosen])
        assert collated is not None
        return pictures_of(collated["mesh"], shader_type, device, **kwargs)

    def _chosen(
        self,
        model_ids: Sequence[str] | None,
        categories: Sequence[str] | None,
        sample_nums: Sequence[int] | None,
        idxs: Sequence[int] | None,
    ) -> list[int]:
        if model_ids:
            missing = next((name for name in model_ids if name not in self.model_ids), None)
            if missing is not None:
                raise ValueError(f"model_id {missing} not found in the loaded dataset.")
            return [self.model_ids.index(name) for name in model_ids]
        counts = list(sample_nums or [1])
        if categories:
            if len(counts) not in (1, len(categories)):
                raise ValueError("categories and sample_nums needs to be of the same length or of length 1.")
            counts = counts if len(counts) == len(categories) else counts * len(categories)
            return [
                i for category, n in zip(categories, counts, strict=True) for i in self._drawn(n, category)
            ]
        if idxs:
            if any(not 0 <= idx < len(self) for idx in idxs):
                raise IndexError(f"One or more idx values are out of bounds: 0 to {len(self) - 1}.")
            return list(idxs)
        return self._drawn(counts[0])

    def _drawn(self, count: int, category: str | None = None) -> list[int]:
        first, models = 0, len(self)
        if category is not None:
            synset = self.synset_inv.get(category, category)
            if synset not in self.synset_start_idxs:
                raise ValueError(f"Category {synset} is not in the loaded dataset.")
            first, models = self.synset_start_idxs[synset], self.synset_num_models[synset]
        if count > models:
            warnings.warn(f"There are {models} models, not {count}: some are drawn again.", stacklevel=4)
        drawn: list[int] = torch.multinomial(torch.ones(models), count, replacement=count > models).tolist()
        return [first + i for i in drawn]
