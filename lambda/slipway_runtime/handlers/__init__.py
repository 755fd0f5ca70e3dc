"""One thin module per function: parse the event, make one call, return a typed result."""
