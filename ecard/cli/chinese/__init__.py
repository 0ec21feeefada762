"""The command line in Chinese: a table of texts for each kind of text. Nothing here computes."""
