"""Jobs on hosts, and commands to them."""
