"""Business numbers and their templates."""
