"""From ranked chunks to a grounded answer."""
