"""From prepared text to chunks, embeddings and the store; from a question to ranked chunks."""
