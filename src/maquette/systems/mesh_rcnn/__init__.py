"""Mesh R-CNN (Gkioxari et al., ICCV 2019)."""
