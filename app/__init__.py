"""The engine: store, commands, projector and the GraphQL face. Knows no aggregate by name outside graphql/."""
