"""Jobs as clients poll them."""

import pytest

from stratiform.framework.base.errors import Conflict, describe

VM = "0190f3c2-2222-7000-8000-000000000001"
JOB = "0190f3c2-3333-7000-8000-000000000001"
FINISHED = 1_769_853_605_000_000


@pytest.fixture
def ask(client, jobs, job_facts):
    def ask(**changes):
        jobs.facts[JOB] = job_facts(**changes)
        status, body = client("queryAsyncJobResult", jobid=JOB)
        assert status == 200
        return body

    return ask


def test_a_job_under_way_tells_how_far_it_is_and_has_no_result(ask):
    assert ask() == {
        "accountid": "account-1",
        "account": "admin",
        "domainid": "domain-1",
        "domainpath": "ROOT",
        "userid": "user-1",
        "cmd": "stratiform.api.commands.StartVirtualMachineCmd",
        "jobstatus": 0,
        "jobprocstatus": 40,
        "jobresultcode": 0,
        "jobinstancetype": "VirtualMachine",
        "jobinstanceid": VM,
        "created": "2026-01-31T10:00:00+0000",
        "jobid": JOB,
    }


def test_success_has_exactly_one_object_as_it_is_now(ask, cloud):
    cloud.rows["vm"][0]["state"] = "Stopped"
    body = ask(finished=FINISHED, done=5)
    assert (body["jobstatus"], body["jobresultcode"], body["jobresulttype"]) == (1, 0, "object")
    assert body["completed"] == "2026-01-31T10:00:05+0000"
    assert [*body["jobresult"]] == ["virtualmachine"]
    assert body["jobresult"]["virtualmachine"]["state"] == "Stopped"


def test_success_of_what_is_gone_still_has_exactly_one_object(ask, cloud):
    cloud.rows.clear()
    assert ask(finished=FINISHED)["jobresult"] == {"virtualmachine": {"id": VM, "deleteprotection": False}}


def test_success_of_what_has_nothing_to_show(ask):
    assert ask(finished=FINISHED, command="expungeVirtualMachine")["jobresult"] == {"success": True}
    assert ask(finished=FINISHED, command="vm.reconcile", resource=None)["jobresult"] == {"success": True}


def test_failure_has_the_error_and_nothing_else(ask):
    error = describe(Conflict(kind="vm", id=VM, state="Destroyed", action="start"))
    body = ask(finished=FINISHED, error=error)
    assert (body["jobstatus"], body["jobresultcode"]) == (2, 431)
    assert body["jobresult"] == {"errorcode": 431, "errortext": error["text"]}


def test_a_failure_that_nobody_has_heard_of_keeps_its_text(ask):
    error = {"code": "from_the_future", "parameters": {}, "text": "It went wrong."}
    assert ask(finished=FINISHED, error=error)["jobresult"] == {
        "errorcode": 530,
        "errortext": "It went wrong.",
    }
    assert ask(finished=FINISHED, error=describe(KeyError("x")))["jobresultcode"] == 530


def test_a_job_is_found_by_what_it_is_about(client, ask):
    ask()
    about = {"resourceid": VM.upper(), "resourcetype": "virtualmachine"}
    assert client("queryAsyncJobResult", **about)[1]["jobid"] == JOB
    assert client("queryAsyncJobResult", resourceid=VM)[0] == 431
    assert client("queryAsyncJobResult", resourceid="x", resourcetype="VirtualMachine")[0] == 431
    assert client("queryAsyncJobResult")[0] == 431


def test_unknown_is_431_and_somebody_elses_531(client, ask):
    ask()
    assert client("queryAsyncJobResult", jobid=VM)[0] == 431
    assert client("queryAsyncJobResult", "TENANT", jobid=JOB)[0] == 531


def test_the_list_has_the_same_fields_and_the_failures_results(client, jobs, job_facts):
    error = describe(Conflict(kind="vm", id=VM, state="Destroyed", action="start"))
    jobs.facts = {
        "1": job_facts(),
        "2": job_facts(finished=FINISHED),
        "3": job_facts(finished=FINISHED, error=error),
    }
    about = {"resourceid": VM, "resourcetype": "VirtualMachine", "startdate": "2026-01-31"}
    status, body = client("listAsyncJobs", listall="true", **about)
    assert (status, body["count"]) == (200, 3)
    assert [each["jobstatus"] for each in body["asyncjobs"]] == [0, 1, 2]
    assert ["jobresult" in each for each in body["asyncjobs"]] == [False, False, True]
    midnight = 1_769_817_600_000_000
    assert jobs.asked[-1].filters == {"listall": True, "startdate": midnight, "resource": f"vm/{VM}"}
