"""The six files that a molding leaves, which appear together or not at all."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...io import BadInput, save_image, save_mesh
from ...io.atomic import replacing_paths
from ...io.errors import as_bad_input
from ...io.gif import save_gif
from ...io.json_text import json_text
from ...structures import Meshes
from .outputs import comparison, loss_plot, preview, save_figure, turntable
from .pictures import TargetPictures
from .result_names import result_names

_MESHES = (".glb", ".obj", ".ply", ".off", ".stl")


@dataclass(frozen=True)
class Molded:
    """A result on its way to files: the mesh, what it is compared with, curves and numbers."""

    mesh: Meshes
    pictures: TargetPictures
    history: dict[str, list[float]]
    numbers: dict[str, Any]


def write(molded: Molded, out: Path, report: dict[str, Any]) -> list[Path]:
    """Write a result's files: under temporary names until all are whole, then renamed, the mesh last."""
    check_place(out)
    up = molded.pictures.up
    with as_bad_input(out, OSError, say="cannot be written"), replacing_paths(result_names(out)) as files:
        mesh, front, losses, compared, turning, numbers = files
        save_mesh(molded.mesh, mesh, up=up)
        save_image(preview(molded.mesh, up=up), front)
        save_figure(loss_plot(molded.history), losses)
        save_figure(comparison(molded.mesh, molded.pictures, ("target", "result", "error")), compared)
        save_gif(turntable(molded.mesh, up=up), turning)
        numbers.write_text(json_text(report), encoding="utf-8")
    return result_names(out)


def check_place(out: Path) -> None:
    """Refuse, before the long work, names that could not be written after it."""
    if out.suffix.lower() not in _MESHES:
        raise BadInput(out, f"unknown kind of mesh file; use {', '.join(_MESHES)}")
    for path in result_names(out):
        with as_bad_input(path, OSError, ValueError, say="cannot be written"):
            is_folder = path.is_dir()  # an error where its name is too long
        if is_folder:
            raise BadInput(path, "cannot be written: is a folder")
