"""Jobs on networks and their cards."""
