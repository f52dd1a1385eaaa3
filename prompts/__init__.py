"""The prompts, one Markdown file each; read by rag.answer.prompts."""
