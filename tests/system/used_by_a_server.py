"""Run where a stranger's placement adviser is installed: a server on the data of argv[1] that is told to use it."""

import json
import sys
import time
from pathlib import Path

import sqlalchemy

from stratiform.api.principal import Principal, Role
from stratiform.engine.schema import account, account_user, domain, service_offering, template, vm, zone
from stratiform.engine.tools import PLACEMENT
from stratiform.framework import context
from stratiform.server.bootstrap import Settings, compose

server = compose(Settings(data=Path(sys.argv[1]), port=0))
adviser = server.tools.placements["fewest"]
asked: list[int] = []
original = type(adviser).rank


def recorded(self, requests, hosts):
    asked.append(len(requests))
    return original(self, requests, hosts)


type(adviser).rank = recorded
server.start()
with server.database.transaction() as tx, context.use(context.begin(server.world.ids, "test")):
    server.config.set(tx, PLACEMENT, "fewest")
with server.database.reading() as connection:

    def only(column, *where):
        return connection.execute(sqlalchemy.select(column).where(*where).limit(1)).scalar_one()

    who = Principal(
        user=only(account_user.c.uuid), account=only(account.c.uuid), role=Role.ADMIN, scope=only(domain.c.path)
    )
    wanted = {
        "zoneid": only(zone.c.uuid),
        "serviceofferingid": only(service_offering.c.uuid, service_offering.c.name == "Small Instance"),
        "templateid": only(template.c.uuid),
    }
with context.use(context.begin(server.world.ids, who.user)):
    server.cloud.submit("deployVirtualMachine", who, wanted)
until = time.monotonic() + 30
state = ""
while state != "Running" and time.monotonic() < until:
    with server.database.reading() as connection:
        state = connection.execute(sqlalchemy.select(vm.c.state)).scalar_one()
server.serving.close()
server.stop()
print(json.dumps({"asked": sum(asked), "state": state}))
