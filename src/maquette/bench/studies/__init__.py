"""Scripts that measure or draw what the READMEs and docs show; `benchmarks/README.md` says how each is called.

They run from a checkout, `python -m maquette.bench.studies.NAME`, and are no part of the wheel: nothing that ships
imports them.
"""
