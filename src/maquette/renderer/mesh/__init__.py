"""Mesh rendering, under PyTorch3D's module paths."""
