"""Which providers have an element behind them."""

ROUTERS = ("VirtualRouter", "VpcVirtualRouter")
"""Those whose element is a virtual router."""
BALANCERS = ("InternalLbVm",)
"""Those whose element is an internal load balancer."""
