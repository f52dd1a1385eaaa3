"""The formats questions come in, each turned into cases row by row; what can't be one is a Skipped with its place."""
