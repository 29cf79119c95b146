"""The demonstration: the fox that ships with the package, molded from twenty pictures of it."""

from importlib.resources import as_file, files
from pathlib import Path

from .job import MoldOptions, mold
from .optimise import Watcher

OPTIONS = MoldOptions(source="silhouettes", views=20, size=192)


def run(out: Path, watch: Watcher | None = None, device: str = "auto") -> list[Path]:
    """Mold the fox from twenty coloured pictures and write the results.

    Args:
        out: folder for `fox.glb` and what belongs to it; made when missing.
        watch: called after every step.
        device: to compute on; "auto" is CUDA where there is a GPU for it, else the CPU.

    Returns:
        The files written, the mesh first.
    """
    out.mkdir(parents=True, exist_ok=True)
    with as_file(files("maquette") / "assets") as assets:
        return mold(assets / "fox.obj", out / "fox.glb", OPTIONS, watch, device)
