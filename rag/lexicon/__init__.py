"""Word lists, one file a language: read by ``rag/text/lexicon.py``."""
