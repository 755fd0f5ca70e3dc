"""One module per vector store, all behind the same contract."""
