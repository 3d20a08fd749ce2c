"""The organization, its users and its keys."""
