"""Unsup3D (Wu, Rupprecht and Vedaldi, CVPR 2020): depth, colours, light and view, from pictures alone."""
