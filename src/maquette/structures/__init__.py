"""The nouns: batches of meshes and points, voxel grids, textures, materials, cameras."""
