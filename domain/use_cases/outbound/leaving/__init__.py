"""Leaving: a queued message is claimed, handed to the network, and told what became of it."""
