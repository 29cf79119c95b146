"""ShapeNetCore under PyTorch3D's name."""

import warnings
from collections.abc import Sequence
from pathlib import Path

from ..data.shapenet import synset_words
from ..data.walk import folders_in
from .shapenet_base import ShapeNetBase

_MODEL_FILES = {1: "model.obj", 2: "models/model_normalized.obj"}


class ShapeNetCore(ShapeNetBase):
    """Models of ShapeNetCore, sorted by synset and id; see `ShapeNetBase` for what an item holds.

    Args:
        data_dir: the folder of the synsets' folders.
        synsets: synsets or labels to load; all by default.
        version: 1 or 2, which say where in a model's folder its mesh is.
        load_textures: whether to make an atlas (F, R, R, 3) of each model's textures, white where it has none.
        texture_resolution: R.

    Raises:
        ValueError: another version.
        BadInput: no such folder, or a malformed taxonomy.json.

    Labels are the first words of `taxonomy.json`, or R2N2's words; a synset of neither is its own label. Folders
    without a mesh and categories that are not there are warned of and left out.
    """

    def __init__(
        self,
        data_dir: str,
        synsets: Sequence[str] | None = None,
        version: int = 1,
        load_textures: bool = True,
        texture_resolution: int = 4,
    ) -> None:
        if version not in _MODEL_FILES:
            raise ValueError("Version number must be either 1 or 2.")
        super().__init__(data_dir, _MODEL_FILES[version], load_textures, texture_resolution)
        root = Path(data_dir)
        there = folders_in(root)
        self.synset_dict = {synset: synset for synset in there} | synset_words(root)
        named = {label: synset for synset, label in self.synset_dict.items() if synset in there}
        for synset in sorted({named.get(word, word) for word in (there if synsets is None else synsets)}):
            if synset not in there:
                warnings.warn(f"Synset category {synset} cannot be found in {data_dir}.", stacklevel=2)
                continue
            self._add_synset(synset, self._with_mesh(root / synset))

    def _with_mesh(self, folder: Path) -> list[str]:
        found = []
        for name in folders_in(folder):
            if (folder / name / self.model_dir).is_file():
                found.append(name)
            else:
                warnings.warn(f"Object file not found in the model directory {folder / name}.", stacklevel=3)
        return found
