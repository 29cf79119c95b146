"""Cameras, rasterizer, shaders: meshes to pictures, differentiably."""
