"""Programs that fit the shipped weights."""
