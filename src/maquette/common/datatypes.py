"""Device helpers, under PyTorch3D's path; they live in `structures.device`."""

from ..structures.device import Device as Device
from ..structures.device import get_device as get_device
from ..structures.device import make_device as make_device
