"""The slices of the API: one module for each aggregate, read model or value."""
