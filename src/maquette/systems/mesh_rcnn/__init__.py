"""Mesh R-CNN's ShapeNet branch: a picture to voxels in the camera's frustum, and from these to a refined mesh."""
