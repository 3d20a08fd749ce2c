"""Connecting numbers; templates and their review."""
