"""One file for each area that is measured."""
