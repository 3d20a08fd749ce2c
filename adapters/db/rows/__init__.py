"""Rows: the tables, and how domain objects become rows and come back."""
