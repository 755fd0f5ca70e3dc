"""The catalogue of prompts: versions, labels, templates, example sets, experiments."""
