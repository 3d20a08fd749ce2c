"""Threads, sessions and the library."""
