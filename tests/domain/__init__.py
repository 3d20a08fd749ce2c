"""The rules of the desk, at the edge of each, and its use cases over the in-memory twin."""
