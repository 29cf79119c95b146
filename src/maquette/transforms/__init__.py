"""Rigid and affine transforms, rotation conversions, so(3) and se(3)."""
