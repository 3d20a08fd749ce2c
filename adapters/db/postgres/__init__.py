"""What is done in its own way on PostgreSQL."""
