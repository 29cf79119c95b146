"""Trainer set-up, run folders, checkpoints and callbacks: what every system that is trained shares."""
