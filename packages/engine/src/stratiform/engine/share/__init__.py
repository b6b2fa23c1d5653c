"""The weights of accounts, as operators see and set them: whose work gets how much of a stage."""
