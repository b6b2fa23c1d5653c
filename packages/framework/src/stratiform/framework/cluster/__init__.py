"""The processes of one system: who lives, by leases; and epochs that a restored database cannot repeat."""
