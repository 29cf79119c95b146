"""Timing of what the package computes, each beside a short twin in plain torch.

Floor 5: knows the public operators, and nothing of commands or files. `maquette bench` prints what this
returns. `studies/` holds the scripts behind the other figures of READMEs and docs; they do not ship.
"""
