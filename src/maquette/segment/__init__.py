"""Where the object is in a picture: masks from transparency, a plain background, or GrabCut."""

from .found import Found as Found
from .found import find_object as find_object
