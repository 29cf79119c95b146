"""Device helpers, under PyTorch3D's path."""

from .datatypes import Device as Device
from .datatypes import get_device as get_device
from .datatypes import make_device as make_device
