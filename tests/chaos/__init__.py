"""What clients saw of a system under faults, and the judge of it. Both know nothing of the engine."""
