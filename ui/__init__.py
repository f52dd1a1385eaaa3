"""The page. Installed as rag.ui."""
