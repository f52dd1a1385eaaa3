"""Ingest on other processes and machines: what a worker does, what hands it out, and the one writer's side of it."""
