"""maquette: pictures to 3D shapes on a differentiable mesh core that installs with pip anywhere."""

__version__ = "0.1.0"
