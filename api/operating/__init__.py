"""What whoever runs a desk does with it: look at it, keep it safe, interpret again."""
