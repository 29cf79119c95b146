"""Materials of Wavefront OBJ files: colours, and texture pictures."""

import os
import warnings
from typing import Any

import torch
from torch import Tensor

from .errors import ParseError
from .image_files import decode_texture
from .mtl_parse import parse_mtl
from .references import References
from .streams import PathManager, exists, read_bytes
from .texture_atlas import (
    _bilinear_interpolation_grid_sample as _bilinear_interpolation_grid_sample,
)
from .texture_atlas import make_material_atlas as make_material_atlas
from .texture_atlas import make_mesh_texture_atlas as make_mesh_texture_atlas

MaterialProperties = dict[str, dict[str, Tensor]]
TextureFiles = dict[str, str]
TextureImages = dict[str, Tensor]


def _parse_mtl(
    f: Any, path_manager: PathManager | None = None, device: torch.device | str = "cpu"
) -> tuple[MaterialProperties, TextureFiles]:
    """Read an MTL file: the properties of each material, and the name of each one's diffuse map."""
    found = parse_mtl(read_bytes(f, path_manager))
    properties = {
        name: {kind: torch.from_numpy(values).to(device) for kind, values in material.items()}
        for name, material in found.properties.items()
    }
    return properties, found.files


def read_texture(path: str, path_manager: PathManager | None = None) -> Tensor:
    """Read a picture as a float32 tensor (H, W, 3) in [0, 1], first row on top.

    Raises:
        ValueError: no picture, a broken one, or more than 50 megapixels.
    """
    return torch.from_numpy(decode_texture(read_bytes(path, path_manager)))


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
    return load_libraries([f], material_names, data_dir, device, path_manager)


def load_libraries(
    libraries: list[Any],
    material_names: list[str],
    folder: str,
    device: torch.device | str = "cpu",
    path_manager: PathManager | None = None,
) -> tuple[MaterialProperties, TextureImages]:
    """As `load_mtl` for several libraries; of two materials with one name the first counts."""
    properties: MaterialProperties = {}
    files: TextureFiles = {}
    for f in libraries:
        more, names = _parse_mtl(f, path_manager, device)
        files = {k: v for k, v in names.items() if k not in properties} | files
        properties = more | properties
    used = list(material_names)
    if not used and properties:
        if len(properties) > 1:
            raise ValueError("Multiple materials but no usemtl declarations in the obj file")
        used = list(properties)
    images = {}
    for name in used:
        if name not in files:
            continue
        path = locate(folder, files[name], path_manager)
        if path is not None:
            images[name] = read_texture(path, path_manager)
        else:
            warnings.warn(f"Texture file does not exist: {os.path.join(folder, files[name])}", stacklevel=2)
    return {name: properties[name] for name in used if name in properties}, images


def locate(folder: str, name: str, path_manager: PathManager | None) -> str | None:
    """The path of a file that a file in `folder` names, or None; one outside of the folder is None, with a warning.

    What a manager of paths can open is for it to say.
    """
    if path_manager is not None:
        path = os.path.join(folder, name)
        return path if exists(path, path_manager) else None
    try:
        found = References(folder).find(name)
    except ParseError as error:
        warnings.warn(f"{folder or '.'}: {error}", stacklevel=2)
        return None
    return str(found) if found is not None and found.is_file() else None  # a pipe would be waited for
