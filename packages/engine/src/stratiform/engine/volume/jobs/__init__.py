"""Jobs on volumes."""
