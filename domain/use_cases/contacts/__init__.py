"""Contacts as people here see them."""
