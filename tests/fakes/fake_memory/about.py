"""State that no gradient writes."""

from maquette.systems.about import About, Command

ABOUT = About(
    "fake_memory",
    ("plain",),
    ("fake-fill",),
    needs_masks=True,
    commands={"fake-memory": Command("what the fake remembers", "commands:show")},
)
