"""Seals the event log with hashes, verifies it, and exports parts of it with proofs."""
