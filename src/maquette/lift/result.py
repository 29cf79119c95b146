"""`Result`: a reconstruction in a person's hands, that is saved, shown, and seen in a notebook."""

import webbrowser
from base64 import b64encode
from dataclasses import dataclass
from html import escape
from os import PathLike
from pathlib import Path
from tempfile import NamedTemporaryFile

from jaxtyping import Float
from torch import Tensor

from ..io.image_files import png_bytes
from ..io.mesh_write import save_mesh
from ..renderer.turntable import model_page
from ..structures.reconstruction import Reconstruction
from ..structures.views import Views
from .scene import draw_scene, upright


@dataclass(frozen=True, repr=False)
class Result(Reconstruction):
    """A reconstruction with the pictures that it was made of.

    Attributes:
        pictures: with masks where they are known; None shows nothing.
    """

    pictures: Views | None = None

    def save(self, path: str | PathLike[str]) -> None:
        """Write the mesh upright, as `maquette reconstruct` does: .glb, .obj or .ply.

        Raises:
            BadInput: an unknown suffix, or a place that cannot be written to.
        """
        save_mesh(upright(self), path)

    def preview(self, tile: int = 256) -> Float[Tensor, "3 height width"]:
        """Pictures, masks, and the mesh from there and from two other sides (`draw_scene`).

        Raises:
            ValueError: the pictures are not known.
        """
        if self.pictures is None:
            raise ValueError("a preview needs the pictures that the mesh was made of")
        return draw_scene([self], self.pictures.to("cpu"), tile)

    def show(self) -> Path:
        """Open the shape in the browser, where it turns when it is dragged; a notebook shows the result by itself.

        Returns:
            the page, one file in the folder for temporary files.
        """
        with NamedTemporaryFile(
            "w", encoding="utf-8", prefix="maquette-", suffix=".html", delete=False
        ) as file:
            file.write(model_page(upright(self), repr(self)))
        page = Path(file.name)
        webbrowser.open(page.as_uri())
        return page

    def _repr_html_(self) -> str | None:
        """The preview, for notebooks; None leaves it at the one line."""
        if self.pictures is None:
            return None
        picture = b64encode(png_bytes(self.preview().permute(1, 2, 0).numpy())).decode()
        return f'<img src="data:image/png;base64,{picture}"><br>{escape(repr(self))}'
