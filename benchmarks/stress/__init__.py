"""Attacks on the archive and the service, from seeds."""
