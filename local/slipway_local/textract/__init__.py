"""Amazon Textract's text detection."""
