"""Variant `detect` of Mesh R-CNN: several objects in one photograph (Gkioxari et al., ICCV 2019, section 3, Pix3D)."""
