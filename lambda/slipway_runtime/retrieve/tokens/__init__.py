"""How many tokens a text has: exactly where a model's tokenizer is published, else by a careful estimate."""
