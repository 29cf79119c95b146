"""What a measurement was made on: hardware, versions, commit."""

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

_PACKAGES = ("maquette", "torch", "warp-lang", "numpy")


def describe_machine(device: torch.device) -> dict[str, object]:
    """Hardware, versions and commit, ready for JSON.

    Args:
        device: where the measurement computes; on CUDA the name of the GPU is given too.
    """
    facts: dict[str, object] = {
        "device": str(device),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": torch.get_num_threads(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "commit": commit(),
    }
    if device.type == "cuda":
        facts["gpu"] = torch.cuda.get_device_name(device)
    return facts


def processor() -> str:
    """The processor's name."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def commit() -> str | None:
    """The commit that the package's files are at, with a "+" when they were changed; None outside a checkout."""
    here = Path(__file__).parent
    described = _git(here, "rev-parse", "--short=12", "HEAD")
    if described is None or _git(here, "ls-files", "--error-unmatch", Path(__file__).name) is None:
        return None
    return described + (
        "+" if _git(here, "status", "--porcelain", "--untracked-files=no", "--", "..") else ""
    )


def _git(folder: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
