"""A fake system."""
