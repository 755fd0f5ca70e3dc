"""Dashboards as CloudWatch holds them, with their metrics, drawn as pictures."""
