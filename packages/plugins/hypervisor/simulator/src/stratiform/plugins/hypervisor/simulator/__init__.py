"""Simulated hypervisor hosts for Stratiform: thousands, with scriptable latency, faults and crashes."""
