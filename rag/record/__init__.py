"""The record: which sentences change what others say, found after ingest and kept as links in the catalog."""
