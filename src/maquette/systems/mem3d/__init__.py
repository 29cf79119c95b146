"""Mem3D (Yang et al., CVPR 2021): one picture to voxels, with the help of shapes that the network remembers."""
