"""Data sets made from meshes: pictures, cameras and voxels in the layout of ShapeNet R2N2.

`jobs` lists what is to be made, `pictures` draws one object, `model_folder` writes it, `r2n2` makes them all.
"""
