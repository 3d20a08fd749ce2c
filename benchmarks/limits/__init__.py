"""What areas are measured against: the least that the machine would need for the same work."""
