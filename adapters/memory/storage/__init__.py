"""The whole storage of a desk in memory."""
