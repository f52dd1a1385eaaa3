"""Whether the cited words support a sentence, and whether it answers."""
