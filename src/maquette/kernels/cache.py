"""Where compiled kernels are kept."""

from pathlib import Path

import warp as wp

from .loading import start_warp


def cache_folder() -> Path:
    """The folder of compiled kernels; WARP_CACHE_PATH in the environment moves it."""
    return start_warp() or Path(str(wp.config.kernel_cache_dir))


def kernel_devices() -> list[str]:
    """Names of the devices that kernels can run on."""
    start_warp()
    return [str(device) for device in wp.get_devices()]
