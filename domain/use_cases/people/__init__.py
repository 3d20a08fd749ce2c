"""The organization, its people, and who is asking."""
