"""The nouns of the API: one room for each subject, named as the rules name it."""
