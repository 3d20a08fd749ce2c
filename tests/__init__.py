"""What the desk promises, told as tests."""
