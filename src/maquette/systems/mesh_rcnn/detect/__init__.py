"""Variant `detect` of Mesh R-CNN: several objects in one photograph (Gkioxari et al., ICCV 2019, on Pix3D)."""
