"""The end of accounts and of domains with all that they own; above the nouns whose things those are."""
