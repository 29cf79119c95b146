"""What joins systems: one's result as another's beginning. Systems are known here by their common face alone."""
