"""Files in and out.

PyTorch3D's names (`IO`, `load_obj`, `save_ply`, ...) behave as theirs. `load_mesh`, `load_image`,
`load_binvox` and `read_cameras` are strict: they raise `BadInput`, one line with file, place and reason, and
nothing else. Whatever is written appears whole or not at all. Imports from `structures` only; knows nothing
of rendering or systems.
"""

from .binvox import load_binvox as load_binvox
from .binvox import save_binvox as save_binvox
from .camera_views import cameras_from_views as cameras_from_views
from .camera_views import views_from_cameras as views_from_cameras
from .cameras_json import CameraFile as CameraFile
from .cameras_json import CameraView as CameraView
from .cameras_json import read_cameras as read_cameras
from .cameras_json import write_cameras as write_cameras
from .errors import BadInput as BadInput
from .images import load_image as load_image
from .images import load_mask as load_mask
from .images import save_image as save_image
from .mesh_read import load_mesh as load_mesh
from .mesh_write import save_mesh as save_mesh
from .obj_io import load_obj as load_obj
from .obj_io import load_objs_as_meshes as load_objs_as_meshes
from .obj_io import save_obj as save_obj
from .pluggable import IO as IO
from .ply_io import load_ply as load_ply
from .ply_io import save_ply as save_ply
