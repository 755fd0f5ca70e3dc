"""Labels of documents: entities and classes, by Amazon Comprehend."""
