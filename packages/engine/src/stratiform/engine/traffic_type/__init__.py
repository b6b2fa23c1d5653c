"""Traffic types: which kinds of traffic a physical network carries."""
