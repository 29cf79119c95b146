"""Small helpers under PyTorch3D's names."""
