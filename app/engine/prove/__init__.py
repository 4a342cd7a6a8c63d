"""The proof that nothing is lost, which anybody can run again on their own PostgreSQL."""
