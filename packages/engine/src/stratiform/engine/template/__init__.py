"""Templates: images that virtual machines are made from."""
