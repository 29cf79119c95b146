"""Remeshing of a closed surface while it is optimised: split long edges, collapse short ones, flip, relax.

The operations and their order are those of "Continuous Remeshing for Inverse Rendering" (Palfinger 2022),
which follows Botsch and Kobbelt (2004). Every operation works on whole tensors: it picks a set of edges that
do not touch one another's surroundings and changes them all at once, so it runs on a CPU and on CUDA alike. A
closed, oriented, manifold mesh stays one, of the same genus.

`topology.py` knows who is whose neighbour; `split.py`, `collapse.py`, `flip.py` and `relax.py` hold one
operation each; `remesh.py` puts them in order.
"""

from .remesh import RemeshConfig, RemeshedSurface, remesh

__all__ = ["RemeshConfig", "RemeshedSurface", "remesh"]
