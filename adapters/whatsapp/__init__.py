"""The Cloud API: what it sends, what it takes, and how to call it."""
