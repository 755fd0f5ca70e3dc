"""Questions that mean the same, and questions that nearly do."""
