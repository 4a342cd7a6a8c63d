"""The proof that no event is lost; it runs on any PostgreSQL."""
