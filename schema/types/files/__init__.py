"""Files that came with messages or go with them, and what WhatsApp takes."""
