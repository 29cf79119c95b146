"""Meshes in a page that turn when they are dragged: packed arrays, and the script that draws them."""

import base64
import html
import math
import zlib
from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from ..io.mesh_tensors import from_meshes
from ..structures import Meshes

_GREY = 0.7
_FIRST = (30.0, 20.0)  # azimuth and elevation of a page
_STYLE = "body, figure { margin: 0; } canvas { display: block; width: min(100vw, 100vh); cursor: grab; }"
_STEPS = 32767  # of a coordinate, in either direction from the middle


def model_figures(models: Sequence[tuple[str, Meshes]], azimuth: float, elevation: float) -> str:
    """Figures that turn together, the captions below; nothing for models that are all empty.

    Args:
        models: captions and batches of one mesh with +Y up; they keep their size and place beside one another.
        azimuth: of the first view, degrees from +Z towards +X.
        elevation: of the first view, degrees.
    """
    bounds = [mesh.verts_packed() for _, mesh in models if not mesh.isempty()]
    if not bounds:
        return ""
    low = np.min([verts.amin(0).tolist() for verts in bounds], axis=0)
    high = np.max([verts.amax(0).tolist() for verts in bounds], axis=0)
    middle, radius = (low + high) / 2, float(np.linalg.norm(high - low)) / 2 or 1.0
    figures = "".join(_figure(caption, mesh, middle, radius) for caption, mesh in models)
    yaw, pitch = math.radians(azimuth), math.radians(elevation)
    return f'<div class="models" data-yaw="{yaw:.4f}" data-pitch="{pitch:.4f}">{figures}</div>'


def script() -> str:
    """The script that draws the models of a page, which has it once, at its end."""
    return f"<script>{files(__package__).joinpath('turntable.js').read_text('utf-8')}</script>"


def model_page(mesh: Meshes, title: str) -> str:
    """A whole HTML file, of one mesh with +Y up that fills the window.

    Args:
        mesh: a batch of one.
        title: of the window, plain text.
    """
    head = f'<meta charset="utf-8"><title>{html.escape(title)}</title><style>{_STYLE}</style>'
    body = model_figures([("", mesh)], *_FIRST) + script()
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>\n"


def _figure(caption: str, mesh: Meshes, middle: np.ndarray, radius: float) -> str:
    count, packed = _packed(mesh, middle, radius)
    data = base64.b64encode(zlib.compress(packed, 9)).decode()
    canvas = f'<canvas class="model" data-verts="{count}" data-model="{data}"></canvas>'
    return f"<figure>{canvas}<figcaption>{html.escape(caption)}</figcaption></figure>"


def _packed(mesh: Meshes, middle: np.ndarray, radius: float) -> tuple[int, bytes]:
    """Number of vertices; their places (int16), colours (uint8), padding to 4 bytes, and the faces (uint32).

    A corner is a vertex of its own where its colour differs from that of the others there.
    """
    parts = [part for part in from_meshes(mesh) if len(part.faces)]
    if not parts:
        return 0, b""
    (part,) = parts
    places = np.round((part.verts[part.faces] - middle) / radius * _STEPS)
    colours = part.corner_colors()
    colours = np.full_like(places, _GREY) if colours is None else colours
    corners = np.concatenate([places, np.round(colours.clip(0, 1) * 255)], axis=2).reshape(-1, 6)
    verts, faces = np.unique(corners.astype(np.int16), axis=0, return_inverse=True)
    colour_bytes = verts[:, 3:].astype(np.uint8).tobytes()
    padding = bytes(-len(verts) % 4)
    places_bytes = np.ascontiguousarray(verts[:, :3]).astype("<i2").tobytes()
    # 6 V + 3 V bytes, and as many more as V lacks to a multiple of 4: the faces start at one, too
    return len(verts), places_bytes + colour_bytes + padding + faces.astype("<u4").tobytes()
