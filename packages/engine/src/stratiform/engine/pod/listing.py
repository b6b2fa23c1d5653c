"""The list of pods."""

from stratiform.engine.listing import Listing, named, refers
from stratiform.engine.pod.table import pod
from stratiform.engine.visible import Binding
from stratiform.engine.zone.table import zone

OURS, VLAN = "0", "untagged"
"""For whom a management range is (1 is for machines of the cloud's own alone), and in which VLAN."""


def _ranges(row: dict[str, object]) -> None:
    """The wire has lists of management ranges; there is one at most."""
    start, end = row.get("startip"), row.get("endip")
    if start is not None:
        whole = {"startip": start, "endip": end, "forsystemvms": OURS, "vlanid": VLAN}
        row |= {name: [value] for name, value in whole.items()} | {"ipranges": [whole]}


LISTING = Listing(
    kind="pod",
    table=pod,
    joins=[(zone, zone.c.id == pod.c.zone_id)],
    columns={
        "id": pod.c.uuid,
        "name": pod.c.name,
        "zoneid": zone.c.uuid,
        "zonename": zone.c.name,
        "gateway": pod.c.gateway,
        "netmask": pod.c.netmask,
        "startip": pod.c.start_ip,
        "endip": pod.c.end_ip,
        "allocationstate": pod.c.state,
    },
    constants={"ipranges": (), "forsystemvms": (), "vlanid": ()},
    times=frozenset(),
    filters={
        "name": named(pod),
        "zoneid": refers(pod.c.zone_id, zone),
        "allocationstate": pod.c.state,
    },
    keyword=[pod.c.name_key],
    binding=Binding(table=pod),
    finish=_ranges,
    adds=frozenset({"ipranges"}),
)
