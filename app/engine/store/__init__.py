"""The event store: append, read, and the feed that everything live hangs on."""
