"""Words, names, marks and emoji: what the rules know of text as such."""
