"""Attacks on an archive, each with a seed: what broke is counted, and anyone can run it again."""
