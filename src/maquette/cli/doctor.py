"""`maquette doctor`: what there is on this machine, what is missing and how to get it."""

import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from .. import __version__
from .console import Console
from .cores import usable_cores
from .extras import EXTRAS, how_to_get
from .options import Common, JsonFile, parse


@dataclass(frozen=True, kw_only=True)
class Doctor(Common):
    """Versions, devices and caches; what is missing and how to get it."""

    json: JsonFile = None
    """Write all of it as JSON; `-` is stdout."""


def run(words: Sequence[str]) -> None:
    """Read the words, then look around."""
    options = parse(Doctor, words, "doctor")
    console = Console(options.quiet, options.json)
    with console.stdout_for_numbers():
        facts = examine()
        console.write_json(facts)
    for line in report(facts):
        console.say(line)


def examine() -> dict[str, Any]:
    """All facts, ready for JSON; `problems` is a list of sentences, empty where all is well."""
    packages = {name: _version(name) for name in _requirements()}
    facts: dict[str, Any] = {
        "maquette": __version__,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "packages": packages,
        "extras": {name: _version(name) for names in EXTRAS.values() for name in names},
        "cores": usable_cores(),
    }
    missing = [name for name, found in packages.items() if found is None]
    problems = [f"{name} is missing: pip install {name}" for name in missing]
    if not {"torch", "warp-lang"} & set(missing):
        facts |= _torch_facts(problems)
        facts["kernels"] = _kernel_facts(problems)
    facts["folder"] = {"path": str(Path.cwd()), "writable": os.access(Path.cwd(), os.W_OK)}
    if not facts["folder"]["writable"]:
        problems.append(f"cannot write in {Path.cwd()}: change to a folder of your own, or give -o elsewhere")
    return facts | {"problems": problems}


def _requirements() -> list[str]:
    """Names of the packages that maquette needs, from its own metadata."""
    try:
        lines = requires("maquette") or []
    except PackageNotFoundError:
        return ["torch", "warp-lang"]
    plain = [line for line in lines if "extra ==" not in line]
    return ["".join(c if c.isalnum() or c in "-_." else " " for c in line).split()[0] for line in plain]


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _torch_facts(problems: list[str]) -> dict[str, Any]:
    import torch

    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    if not gpus and Path("/proc/driver/nvidia/version").exists():
        problems.append(
            f"there is an NVIDIA driver, but torch {torch.__version__} (CUDA {torch.version.cuda}) finds no GPU: "
            "see https://pytorch.org/get-started for the build that fits the driver"
        )
    return {"threads": torch.get_num_threads(), "cuda": torch.version.cuda, "gpus": gpus}


def _kernel_facts(problems: list[str]) -> dict[str, Any]:
    from ..kernels.cache import cache_folder, kernel_devices
    from ..kernels.compiled import broken

    folder = cache_folder()
    files = [path for path in folder.rglob("*") if path.is_file()]
    writable = _can_write(folder)
    if not writable:
        problems.append(f"cannot write compiled kernels to {folder}: set WARP_CACHE_PATH to another folder")
    bad = [path for kept in sorted(folder.glob("wp_maquette.*")) for path in broken(kept)]
    if bad:
        problems.append(
            f"{len(bad)} files of compiled kernels are broken, the first {bad[0]}: "
            "remove them, or let their next use compile them anew"
        )
    return {
        "devices": kernel_devices(),
        "cache": str(folder),
        "writable": writable,
        "files": len(files),
        "bytes": sum(path.stat().st_size for path in files),
        "broken": [str(path) for path in bad],
    }


def _can_write(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def report(facts: dict[str, Any]) -> list[str]:
    """The facts as lines for a person."""
    lines = [f"maquette {facts['maquette']}, Python {facts['python']}, {facts['system']}"]
    lines += [f"  {name:<24}{found or 'missing'}" for name, found in facts["packages"].items()]
    lines += [
        f"  {name:<24}{facts['extras'][name] or f'not installed (optional): {how_to_get(extra)}'}"
        for extra, names in EXTRAS.items()
        for name in names
    ]
    if "kernels" in facts:
        kernels = facts["kernels"]
        gpus = ", ".join(facts["gpus"]) or f"none seen (torch is built for CUDA {facts['cuda']})"
        lines += [
            f"CPU: {facts['cores']} cores, {facts['threads']} threads",
            f"GPU: {gpus}",
            f"kernels run on: {', '.join(kernels['devices'])}",
            f"compiled kernels: {kernels['cache']}, {kernels['files']} files, {kernels['bytes'] / 1e6:.1f} MB",
        ]
    lines += [f"problem: {problem}" for problem in facts["problems"]]
    return [*lines, "nothing is missing"] if not facts["problems"] else lines
