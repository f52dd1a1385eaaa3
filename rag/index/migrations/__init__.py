"""The schema of a catalog on PostgreSQL, step by step; ``rag.index.server_schema`` runs what is missing."""
