"""``python -m rag.cli`` is ``onrecord``."""

from rag.cli import main

if __name__ == "__main__":
    main()
