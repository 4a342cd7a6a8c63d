"""The GraphQL face: one slice an aggregate, and what all slices share."""
