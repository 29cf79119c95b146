"""Differentiable losses on meshes, points and pictures."""
