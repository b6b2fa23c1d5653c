"""Network service providers: who does what for the networks of a physical network."""
