"""Adapters: the small Protocols that plug-ins implement, in four families.

Effectors (`hypervisor`, `storage`, `network.HostNetwork`, `fencer`) do one thing to the world and may be
called twice. Advisers (`placement`, `investigator`, `network.NetworkElement`) are pure: a snapshot in, what
should be out. Observers (`observer`) consume events. Gates (`authenticator`, `stratiform.api.access`) let
through or not. An entry point names an object that has the Protocol's members.
"""
