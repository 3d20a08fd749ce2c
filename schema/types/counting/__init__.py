"""The month's conversations."""
