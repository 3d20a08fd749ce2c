"""Webhook bodies kept and shared out, as far as both databases do it alike."""
