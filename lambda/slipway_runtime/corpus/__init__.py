"""A whole corpus: what a Distributed Map and a Spark job share, so that both write what the document path writes."""
