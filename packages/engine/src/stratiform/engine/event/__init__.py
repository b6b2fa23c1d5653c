"""Events, as those whose they are list them."""
