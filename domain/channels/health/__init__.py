"""How a number fares: its problems, what is told of it, and what stops it."""
