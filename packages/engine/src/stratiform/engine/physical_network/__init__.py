"""Physical networks: the wires of a zone that networks run over."""
