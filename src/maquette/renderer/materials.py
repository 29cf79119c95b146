"""Materials, under PyTorch3D's path."""

from ..structures.materials import Materials as Materials
