"""Jobs on virtual machines."""
