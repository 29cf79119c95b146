"""A page in the browser that shows meshes and cameras (viser)."""

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from viser.transforms import SO3

from ..io import load_image, save_mesh
from ..io.cameras_parse import ViewData
from ..io.local_page import LocalPage
from ..structures import Meshes
from .refusals import Refusal

Point = Sequence[float] | np.ndarray
_FRUSTUM = 0.12  # depth of a drawn camera, as a fraction of its distance from the middle of all
_THUMBNAIL = 160
_EVEN, _KEY = (
    0.75 * math.pi,
    0.35 * math.pi,
)  # light from everywhere and from above; pi leaves colours as they are
_ASIDE = np.array([0.3, 0.3, 0.3])  # of the light from above


class Viewer:
    """A server on this machine (`LocalPage`); stops with `stop` or with the process.

    Args:
        port: to listen on; the next free one is taken where it is in use.
        host: address to listen on; 127.0.0.1 is reached from this machine alone.
        up: axis that points upwards, such as "+Y".

    Raises:
        Refusal: no port could be had.
    """

    def __init__(self, port: int = 8080, host: str = "127.0.0.1", up: str = "+Y") -> None:
        try:
            self._page = LocalPage(port, host)
        except (OSError, AssertionError, RuntimeError) as error:
            raise Refusal(f"--port {port}: cannot listen on it ({error})") from error
        self._server = self._page.server
        sign, axis = -1.0 if up[0] == "-" else 1.0, "XYZ".index(up[1].upper())
        above = sign * np.eye(3)[axis]
        self._server.scene.set_up_direction(above)
        self._server.scene.configure_environment_map(hdri=None)  # it and the default lights wash colours out
        self._server.scene.configure_default_lights(enabled=False)
        self._server.scene.add_light_ambient("/lights/even", intensity=_EVEN)
        self._server.scene.add_light_directional("/lights/key", intensity=_KEY, position=above + _ASIDE)

    @property
    def url(self) -> str:
        """Where the page is."""
        return self._page.url

    def look_at(self, low: Point, high: Point) -> None:
        """Place the visitor so that a box fills the page."""
        center = np.add(low, high) / 2
        radius = float(np.linalg.norm(center - np.asarray(low)))
        camera = self._server.initial_camera
        camera.position = tuple(center + radius * np.array([1.0, 0.8, 2.0]))
        camera.look_at = tuple(center)
        camera.near, camera.far = radius / 100, radius * 1000

    def show_mesh(self, mesh: Meshes) -> None:
        """Show one mesh with its colours or texture."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "mesh.glb"
            save_mesh(mesh, file)
            self._server.scene.add_glb("/mesh", file.read_bytes())

    def show_cameras(self, views: Sequence[ViewData], middle: Point) -> None:
        """Show cameras where they stood, with their pictures."""
        for i, view in enumerate(views):
            place = -view.R.T @ view.t
            self._server.scene.add_camera_frustum(
                f"/cameras/{i:03d}",
                fov=float(2 * np.arctan(view.height / (2 * view.K[1, 1]))),
                aspect=view.width / view.height,
                scale=_FRUSTUM * float(np.linalg.norm(place - np.asarray(middle))),
                image=_thumbnail(view),
                wxyz=SO3.from_matrix(view.R.T).wxyz,
                position=place,
            )

    def show_box(self, low: Point, high: Point) -> None:
        """Show the edges of a box."""
        size, center = np.subtract(high, low), np.add(low, high) / 2
        self._server.scene.add_box("/bounds", (120, 120, 120), size, wireframe=True, position=center)

    def serve(self) -> None:
        """Wait until the process is interrupted."""
        self._server.sleep_forever()

    def stop(self) -> None:
        """Close the page."""
        self._page.close()


def _thumbnail(view: ViewData) -> np.ndarray | None:
    file = view.image or view.mask
    if file is None:
        return None
    picture = load_image(file, channels=3)
    step = max(1, max(picture.shape[1:]) // _THUMBNAIL)
    return (picture[:, ::step, ::step].permute(1, 2, 0).numpy() * 255).astype(np.uint8)
