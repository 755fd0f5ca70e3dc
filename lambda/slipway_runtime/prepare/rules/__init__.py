"""What a source's documents go through besides reading: rules that rewrite text and rules that refuse a document."""
