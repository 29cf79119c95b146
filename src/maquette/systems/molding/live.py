"""The mesh in a browser while it is molded (`mold --live`)."""

import time

from torch import Tensor

from ...io.local_page import LocalPage
from .optimise import Molder

_SECONDS_BETWEEN = 0.1


class LiveView:
    """A watcher that shows the current mesh on a local web page, at most ten times a second.

    Args:
        port: of the local server; viser takes the next free one when it is in use.
    """

    def __init__(self, port: int = 8080) -> None:
        self._page = LocalPage(port)
        self._scene = self._page.server.scene
        self._scene.set_up_direction("+y")
        self._shown = 0.0
        self._latest: Molder | None = None

    @property
    def url(self) -> str:
        """Where to look."""
        return self._page.url

    def __call__(self, step: int, molder: Molder, terms: dict[str, Tensor]) -> None:
        """Show the mesh, unless the last one was shown just now."""
        self._latest = molder
        if time.monotonic() - self._shown >= _SECONDS_BETWEEN:
            self.show_latest()

    def show_latest(self) -> None:
        """Show the mesh of the last step."""
        if self._latest is None:
            return
        self._shown = time.monotonic()
        verts, faces = self._latest.verts().detach().cpu().numpy(), self._latest.faces.cpu().numpy()
        self._scene.add_mesh_simple("mesh", verts, faces, color=(222, 137, 40), flat_shading=True)

    def close(self) -> None:
        """Stop the server."""
        self._page.close()
