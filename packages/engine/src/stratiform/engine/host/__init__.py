"""Hosts: machines that run virtual machines, their resource state and their capacity."""
