"""Threads, what is said in them, and sending."""
