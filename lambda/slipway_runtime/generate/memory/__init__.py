"""Conversations that the gateway remembers."""
