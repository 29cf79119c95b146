"""`IO`: reading and writing meshes and point clouds by the formats registered with it."""

from collections import deque
from pathlib import Path
from typing import Any

import torch

from ..structures import Meshes, Pointclouds
from .experimental_gltf_io import MeshGlbFormat
from .obj_io import MeshObjFormat
from .off_io import MeshOffFormat
from .pluggable_formats import MeshFormatInterpreter, PointcloudFormatInterpreter
from .ply_io import MeshPlyFormat, PointcloudPlyFormat
from .stl_io import MeshStlFormat
from .streams import PathManager

Device = torch.device | str


class IO:
    """Reads and writes meshes (OBJ, OFF, PLY, GLB, STL) and point clouds (PLY), under PyTorch3D's name.

    Formats are asked in turn, the last registered first; each may decline a path. Unlike PyTorch3D, GLB and
    STL are registered from the start. (`maquette.io.load_mesh` is the strict reader that the commands use.)

    Args:
        include_default_formats: whether to start with those formats.
        path_manager: any object with `.open(path, mode)` that interprets paths given as `str`; None for plain
            files.
    """

    def __init__(self, include_default_formats: bool = True, path_manager: PathManager | None = None) -> None:
        self.path_manager = path_manager
        self.mesh_interpreters: deque[MeshFormatInterpreter] = deque()
        self.pointcloud_interpreters: deque[PointcloudFormatInterpreter] = deque()
        if include_default_formats:
            self.register_default_formats()

    def register_default_formats(self) -> None:
        """Register the formats that this package brings."""
        for interpreter in (
            MeshStlFormat(),
            MeshGlbFormat(),
            MeshObjFormat(),
            MeshOffFormat(),
            MeshPlyFormat(),
        ):
            self.register_meshes_format(interpreter)
        self.register_pointcloud_format(PointcloudPlyFormat())

    def register_meshes_format(self, interpreter: Any) -> None:
        """Add a mesh format (a `MeshFormatInterpreter`, else `ValueError`); it is asked before the others."""
        if not isinstance(interpreter, MeshFormatInterpreter):
            raise ValueError("Invalid interpreter")
        self.mesh_interpreters.appendleft(interpreter)

    def register_pointcloud_format(self, interpreter: Any) -> None:
        """Add a cloud format (a `PointcloudFormatInterpreter`, else `ValueError`), asked before others."""
        if not isinstance(interpreter, PointcloudFormatInterpreter):
            raise ValueError("Invalid interpreter")
        self.pointcloud_interpreters.appendleft(interpreter)

    def load_mesh(
        self, path: Any, include_textures: bool = True, device: Device = "cpu", **kwargs: Any
    ) -> Meshes:
        """Read one mesh.

        Args:
            path: path or stream.
            include_textures: whether to read colours and textures.
            device: where the tensors go.
            kwargs: handed to the format.

        Raises:
            ValueError: no format takes the path, or its content is malformed.
        """
        for interpreter in self.mesh_interpreters:
            mesh = interpreter.read(
                path,
                include_textures=include_textures,
                path_manager=self.path_manager,
                device=device,
                **kwargs,
            )
            if mesh is not None:
                return mesh
        raise ValueError(f"No mesh interpreter found to read {path}.")

    def save_mesh(
        self,
        data: Any,
        path: str | Path | Any,
        binary: bool | None = None,
        include_textures: bool = True,
        **kwargs: Any,
    ) -> None:
        """Write one mesh.

        Args:
            data: a `Meshes` of one mesh.
            path: path or stream.
            binary: whether to write a binary form, where the format has both.
            include_textures: False leaves colours and textures out (PyTorch3D ignores it).
            kwargs: handed to the format.

        Raises:
            ValueError: not one mesh, or no format takes the path.
        """
        if not isinstance(data, Meshes):
            raise ValueError("Meshes object expected.")
        if len(data) != 1:
            raise ValueError("Can only save a single mesh.")
        if not include_textures and data.textures is not None:
            data = Meshes(data.verts_list(), data.faces_list())
        for interpreter in self.mesh_interpreters:
            if interpreter.save(data, path, path_manager=self.path_manager, binary=binary, **kwargs):
                return
        raise ValueError(f"No mesh interpreter found to write to {path}.")

    def load_pointcloud(self, path: Any, device: Device = "cpu", **kwargs: Any) -> Pointclouds:
        """Read one point cloud (arguments and errors as for `load_mesh`)."""
        for interpreter in self.pointcloud_interpreters:
            cloud = interpreter.read(path, path_manager=self.path_manager, device=device, **kwargs)
            if cloud is not None:
                return cloud
        raise ValueError(f"No point cloud interpreter found to read {path}.")

    def save_pointcloud(self, data: Any, path: Any, binary: bool | None = None, **kwargs: Any) -> None:
        """Write one point cloud (arguments and errors as for `save_mesh`)."""
        if not isinstance(data, Pointclouds):
            raise ValueError("Pointclouds object expected.")
        if len(data) != 1:
            raise ValueError("Can only save a single point cloud.")
        for interpreter in self.pointcloud_interpreters:
            if interpreter.save(data, path, path_manager=self.path_manager, binary=binary, **kwargs):
                return
        raise ValueError(f"No point cloud interpreter found to write to {path}.")
