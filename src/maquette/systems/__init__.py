"""The systems, each in its own folder."""
