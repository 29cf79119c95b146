"""What joins systems: one's result as another's beginning. Systems are known by their faces (`system.py`) alone."""
