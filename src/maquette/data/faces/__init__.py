"""Synthetic faces with true depth, normals, albedo, light and view, drawn as they are needed.

A person is a pure function of its number, a picture one of (seed, step, place in the batch).
"""

from .model import FaceModel as FaceModel
from .model import load_model as load_model
from .views import FaceViews as FaceViews
