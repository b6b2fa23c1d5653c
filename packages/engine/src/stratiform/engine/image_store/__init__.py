"""Image stores: where templates come from."""
