"""Threads, sessions, messages and what they say."""
