"""Files: what WhatsApp takes, and what a file is by its bytes."""
