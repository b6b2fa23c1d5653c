"""What accounts and domains may have, have, and have left, resource by resource."""

from stratiform.api.view import Field, long, string

RESOURCES = {
    "vm": "virtual machines",
    "ip": "public addresses",
    "volume": "volumes",
    "snapshot": "snapshots",
    "backup": "backups",
    "backupstorage": "GiB of backups",
    "template": "templates",
    "project": "projects",
    "network": "networks",
    "vpc": "VPCs",
    "cpu": "processors",
    "memory": "MiB of memory",
    "gpu": "graphics processors",
    "primarystorage": "GiB of primary storage",
    "secondarystorage": "GiB of secondary storage",
    "bucket": "buckets",
    "objectstorage": "GiB of object storage",
}

COUNTED = (
    *("vm", "ip", "volume", "snapshot", "backup", "backupstorage", "template", "project", "network", "vpc", "cpu"),
    *("memory", "gpu", "primarystorage", "bucket", "objectstorage"),
)

LIMITS = tuple(
    string(f"{name}{what}", f"{what} of {words}, or Unlimited")
    for name, words in RESOURCES.items()
    for what in ("limit", "available")
)

SECONDARY = Field("secondarystoragetotal", "float", "GiB of secondary storage in use", default=0.0)

TOTALS = (*(long(f"{name}total", f"{RESOURCES[name]} in use") for name in COUNTED), SECONDARY)
