"""Files in and out.

PyTorch3D's names (`IO`, `load_obj`, `save_ply`, ...) behave as theirs. `load_mesh`, `load_image`, `load_binvox`,
`read_cameras` and `read_any_cameras` are strict: they raise `BadInput`, one line with file, place and reason, and
nothing else. Whatever is written appears whole or not at all. Imports from `structures` and `transforms` only; knows
nothing of rendering or systems.

A name is imported when it is first asked for, so that a command can refuse a bad file (`mesh_read`,
`cameras_parse`, `image_files`: plain arrays) before torch is loaded.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .any_cameras import read_any_cameras as read_any_cameras
    from .binvox import load_binvox as load_binvox
    from .binvox import save_binvox as save_binvox
    from .camera_views import cameras_from_views as cameras_from_views
    from .camera_views import views_from_cameras as views_from_cameras
    from .cameras_json import CameraFile as CameraFile
    from .cameras_json import CameraView as CameraView
    from .cameras_json import read_cameras as read_cameras
    from .cameras_json import write_cameras as write_cameras
    from .colmap_write import write_colmap as write_colmap
    from .errors import BadInput as BadInput
    from .images import load_image as load_image
    from .images import load_mask as load_mask
    from .images import save_image as save_image
    from .mesh_tensors import load_mesh as load_mesh
    from .mesh_write import save_mesh as save_mesh
    from .obj_io import load_obj as load_obj
    from .obj_io import load_objs_as_meshes as load_objs_as_meshes
    from .obj_io import save_obj as save_obj
    from .pluggable import IO as IO
    from .ply_io import load_ply as load_ply
    from .ply_io import save_ply as save_ply
    from .transforms_write import write_transforms as write_transforms

_NAMES = {
    "any_cameras": ("read_any_cameras",),
    "binvox": ("load_binvox", "save_binvox"),
    "camera_views": ("cameras_from_views", "views_from_cameras"),
    "cameras_json": ("CameraFile", "CameraView", "read_cameras", "write_cameras"),
    "colmap_write": ("write_colmap",),
    "errors": ("BadInput",),
    "images": ("load_image", "load_mask", "save_image"),
    "mesh_tensors": ("load_mesh",),
    "mesh_write": ("save_mesh",),
    "obj_io": ("load_obj", "load_objs_as_meshes", "save_obj"),
    "pluggable": ("IO",),
    "ply_io": ("load_ply", "save_ply"),
    "transforms_write": ("write_transforms",),
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names}
__all__ = list(_HOMES)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
