"""What goes on beside the API: the loops that do what is due, and what becomes of items that fail."""
