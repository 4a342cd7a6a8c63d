"""Access: who sends an operation, and what it may do."""
