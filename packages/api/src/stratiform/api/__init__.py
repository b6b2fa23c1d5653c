"""The words of a cloud: commands and answers, adapter protocols, events, errors, and the contract kits."""
