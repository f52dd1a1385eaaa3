"""The chat models that write answers."""
