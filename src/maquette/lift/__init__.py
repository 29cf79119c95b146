"""From a field of occupancy and the picture it came from to a coloured mesh: surface, viewpoint, colours."""

from .preview import draw_preview as draw_preview
from .reconstruction import SPREAD as SPREAD
from .reconstruction import SPREAD_TOLD as SPREAD_TOLD
from .reconstruction import SURE as SURE
from .reconstruction import lift_reconstruction as lift_reconstruction
from .result import Result as Result
from .scene import draw_scene as draw_scene
from .scene import scene_of as scene_of
from .scene import upright as upright
from .surface import Surface as Surface
from .surface import find_surface as find_surface
from .view import View as View
from .view import find_view as find_view
from .view import known_view as known_view
