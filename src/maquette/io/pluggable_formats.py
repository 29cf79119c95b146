"""The base classes of file formats that can be registered with `IO`."""

from pathlib import Path
from typing import Any

import torch

from ..structures import Meshes, Pointclouds
from .streams import PathManager, writing

Device = torch.device | str


def endswith(path: Any, suffixes: tuple[str, ...]) -> bool:
    """Whether a path ends with one of the suffixes (lower case); anything but a path does."""
    if isinstance(path, Path):
        return path.suffix.lower() in suffixes
    if isinstance(path, str):
        return path.lower().endswith(suffixes)
    return True


class MeshFormatInterpreter:
    """A mesh file format. Subclasses override `read` and `save`; each may decline a path."""

    def read(
        self,
        path: Any,
        include_textures: bool,
        device: Device,
        path_manager: PathManager | None,
        **kwargs: Any,
    ) -> Meshes | None:
        """Read one mesh.

        Args:
            path: path or stream.
            include_textures: whether to read colours and textures.
            device: where the tensors go.
            path_manager: any object with `.open(path, mode)`, or None.

        Returns:
            The mesh, or None when the path is not of this format.
        """
        raise NotImplementedError

    def save(
        self, data: Meshes, path: Any, path_manager: PathManager | None, binary: bool | None, **kwargs: Any
    ) -> bool:
        """Write one mesh.

        Args:
            data: a batch of one mesh.
            path: path or stream.
            path_manager: any object with `.open(path, mode)`, or None.
            binary: whether to write a binary form, where the format has both.

        Returns:
            False when the path is not of this format, else True.
        """
        raise NotImplementedError


class MeshFileFormat(MeshFormatInterpreter):
    """A mesh format of files with certain suffixes: subclasses say how one is loaded and what is written.

    What `read` and `save` are given besides their own arguments is handed on.
    """

    known_suffixes: tuple[str, ...] = ()

    def read(
        self,
        path: Any,
        include_textures: bool,
        device: Device,
        path_manager: PathManager | None,
        *args: Any,
        **kwargs: Any,
    ) -> Meshes | None:
        """Read `path`, or give None when it has none of the suffixes."""
        if not endswith(path, self.known_suffixes):
            return None
        return self.load(path, path_manager, include_textures, *args, **kwargs).to(device)

    def save(
        self,
        data: Meshes,
        path: Any,
        path_manager: PathManager | None,
        binary: bool | None,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """Write the first mesh, or give False when `path` has none of the suffixes."""
        if not endswith(path, self.known_suffixes):
            return False
        self.write(data, path, path_manager, binary, *args, **kwargs)
        return True

    def load(
        self, path: Any, path_manager: PathManager | None, include_textures: bool, *args: Any, **kwargs: Any
    ) -> Meshes:
        """The mesh in a file of this format."""
        raise NotImplementedError

    def write(
        self, data: Meshes, path: Any, path_manager: PathManager | None, *args: Any, **kwargs: Any
    ) -> None:
        """Write a file of this format: by default, its `content`."""
        with writing(path, path_manager) as out:
            out.write(self.content(data, *args, **kwargs))

    def content(self, data: Meshes, binary: bool | None, *args: Any, **kwargs: Any) -> bytes:
        """The file that holds the first mesh."""
        raise NotImplementedError


class PointcloudFormatInterpreter:
    """A point cloud file format. Subclasses override `read` and `save`; each may decline a path."""

    def read(
        self, path: Any, device: Device, path_manager: PathManager | None, **kwargs: Any
    ) -> Pointclouds | None:
        """Read one point cloud, or give None when the path is not of this format (see the mesh class)."""
        raise NotImplementedError

    def save(
        self,
        data: Pointclouds,
        path: Any,
        path_manager: PathManager | None,
        binary: bool | None,
        **kwargs: Any,
    ) -> bool:
        """Write one point cloud, or give False when the path is not of this format (see the mesh class)."""
        raise NotImplementedError
