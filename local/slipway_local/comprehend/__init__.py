"""Amazon Comprehend: personal data, entities and languages by patterns and small lists."""
