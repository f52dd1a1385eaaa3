"""The service: one process that owns an archive, for the page and for programs."""
