"""Materials of Wavefront OBJ files: colours, and texture pictures."""

import os
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from .streams import PathManager, exists, read_bytes, reading
from .texture_atlas import (
    _bilinear_interpolation_grid_sample as _bilinear_interpolation_grid_sample,
)
from .texture_atlas import make_material_atlas as make_material_atlas
from .texture_atlas import make_mesh_texture_atlas as make_mesh_texture_atlas

MaterialProperties = dict[str, dict[str, Tensor]]
TextureFiles = dict[str, str]
TextureImages = dict[str, Tensor]

_PROPERTY_OF = {
    "Ka": "ambient_color",
    "Kd": "diffuse_color",
    "Ks": "specular_color",
    "Ns": "shininess",
}
# Options of a map line and how many values follow each (at most; numbers are counted while reading).
_MAP_OPTIONS = {
    "-blendu": 1, "-blendv": 1, "-bm": 1, "-boost": 1, "-cc": 1, "-clamp": 1, "-imfchan": 1, "-mm": 2,
    "-o": 3, "-s": 3, "-t": 3, "-texres": 1, "-type": 1,
}  # fmt: skip


@dataclass
class _Materials:
    properties: MaterialProperties = field(default_factory=dict)
    files: TextureFiles = field(default_factory=dict)


def _parse_mtl(
    f: Any, path_manager: PathManager | None = None, device: torch.device | str = "cpu"
) -> tuple[MaterialProperties, TextureFiles]:
    """Read an MTL file: the properties of each material, and the name of each one's diffuse map."""
    found = _Materials()
    name = ""
    for line in read_bytes(f, path_manager).decode("utf-8", "replace").splitlines():
        keyword, rest = [*line.split(maxsplit=1), "", ""][:2]
        if keyword == "newmtl":
            name = rest.split()[0] if rest.strip() else ""
            found.properties[name] = {}
        elif keyword == "map_Kd":
            found.files[name] = _without_options(rest.strip())
        elif keyword in _PROPERTY_OF:
            values = torch.tensor([float(x) for x in rest.split()[:3]], dtype=torch.float32, device=device)
            found.properties.setdefault(name, {})[_PROPERTY_OF[keyword]] = values
    return found.properties, found.files


def _without_options(text: str) -> str:
    """Drop leading options such as "-s 1 1 1" from a map line; the file name may hold spaces."""
    words = text.split(" ")
    while words and words[0] in _MAP_OPTIONS:
        values = _MAP_OPTIONS[words.pop(0)]
        numeric = values == 3
        while values and len(words) > 1 and not (numeric and not _is_number(words[0])):
            words.pop(0)
            values -= 1
    return " ".join(words)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def read_texture(path: str, path_manager: PathManager | None = None) -> Tensor:
    """Read a picture as a float32 tensor (H, W, 3) in [0, 1], first row on top."""
    with reading(path, path_manager) as f, Image.open(f) as picture:
        array = np.asarray(picture.convert("RGB"), np.float32)
    return torch.from_numpy(array / 255.0)


def load_mtl(
    f: Any,
    *,
    material_names: list[str],
    data_dir: str,
    device: torch.device | str = "cpu",
    path_manager: PathManager | None = None,
) -> tuple[MaterialProperties, TextureImages]:
    """Read the materials that an OBJ file uses.

    Args:
        f: path or stream of the MTL file.
        material_names: names used in the OBJ file; when there are none and the library has one material, that
            one is taken.
        data_dir: folder that texture names are relative to.
        device: where the property tensors go.
        path_manager: any object with `.open(path, mode)`, or None.

    Returns:
        properties: name -> {"ambient_color" (3,), "diffuse_color" (3,), "specular_color" (3,), "shininess"
            (1,)}, as far as the file gives them; images: name -> (H, W, 3) in [0, 1].

    Raises:
        ValueError: several materials, but the OBJ file does not say which.

    Options before a map's file name ("-s 1 1 1") are skipped; PyTorch3D takes them for part of the name.
    """
    properties, files = _parse_mtl(f, path_manager, device)
    used = list(material_names)
    if not used and properties:
        if len(properties) > 1:
            raise ValueError("Multiple materials but no usemtl declarations in the obj file")
        used = list(properties)
    images = {}
    for name in used:
        if name not in files:
            continue
        path = os.path.join(data_dir, files[name])
        if exists(path, path_manager):
            images[name] = read_texture(path, path_manager)
        else:
            warnings.warn(f"Texture file does not exist: {path}", stacklevel=2)
    return {name: properties[name] for name in used if name in properties}, images
