"""The ground of the framework: errors, time, identifiers, threads, and the world that supplies them."""
