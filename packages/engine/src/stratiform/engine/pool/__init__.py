"""Primary storage pools: where the disks of virtual machines are."""
