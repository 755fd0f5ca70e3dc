"""Amazon Kendra as a store: keyword search only."""
