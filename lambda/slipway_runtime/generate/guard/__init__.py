"""The guard: what is looked for in a request, in documents and in an answer, and what then happens."""
