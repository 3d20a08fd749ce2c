"""What is kept from people: quarantine and what leads to it, and copies of words that are shown no more."""
