"""Commands of `deskline` that are more than a call: one a file."""
