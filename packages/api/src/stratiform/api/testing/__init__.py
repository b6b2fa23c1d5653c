"""Contract kits: one class of tests per adapter, which a plug-in subclasses; its promises are the Protocol's.

Needs the extra `testing`.
"""

import pytest

pytest.register_assert_rewrite(
    "stratiform.api.testing.abort",
    "stratiform.api.testing.access",
    "stratiform.api.testing.authenticator",
    "stratiform.api.testing.cloud",
    "stratiform.api.testing.contract",
    "stratiform.api.testing.fencer",
    "stratiform.api.testing.host_network",
    "stratiform.api.testing.hypervisor",
    "stratiform.api.testing.investigator",
    "stratiform.api.testing.network",
    "stratiform.api.testing.observer",
    "stratiform.api.testing.placement",
    "stratiform.api.testing.purity",
    "stratiform.api.testing.storage",
    "stratiform.api.testing.wiring",
)
