"""Deployments of registered models to endpoints: checked, made, rolled out, watched, and taken back."""
