"""A small document, and where it lies."""

KEY = "acme/guides/garden.md"


TEXT = """# Garden guide

## Tomatoes

Tomatoes need six hours of sun a day. Water them in the morning at the root.

## Compost

Turn the compost heap every two weeks so that air reaches the middle.
"""
