"""Networks of tenants, and the network cards of virtual machines on them."""
