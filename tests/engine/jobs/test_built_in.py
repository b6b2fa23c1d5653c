"""The template that a cloud comes with makes machines without anybody registering one."""

import sqlalchemy

from stratiform.engine import schema
from stratiform.engine.seed import BUILT_IN


def test_a_machine_runs_from_the_built_in_template(cloud):
    named = sqlalchemy.select(schema.template.c.uuid).where(schema.template.c.name == BUILT_IN)
    ((template,),) = cloud.rows(named)
    vm = cloud.vm(cloud.running(templateid=template))
    assert (vm.state, vm.hypervisor) == ("Running", "Simulator")
