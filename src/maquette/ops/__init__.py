"""Operators on meshes, points and voxels, under PyTorch3D's names."""
