"""What fields and arguments are made of, whatever they mean: ids, scalars, pages, cursors, marked text."""
