"""The event store: appends and reads events, and feeds new events to all followers."""
