"""Steps: in their order, each once, with what the one before left; waiting, trying again, failing and undoing."""

import itertools

import msgspec
import pytest

from stratiform.framework import context
from stratiform.framework.base import errors
from stratiform.framework.base.clock import SECOND
from stratiform.framework.jobs.kind import Declaration, Job, Lane, Priority, Registry, Stage, step
from stratiform.framework.jobs.run import LONGEST_JOURNAL
from stratiform.framework.jobs.work import Work


class Loaf(msgspec.Struct, frozen=True, kw_only=True):
    number: int = 0


class Burnt(errors.Error):
    """The loaf {number} is burnt."""

    code = "burnt"


def nothing(work, run):
    pass


def burn(work, run):
    raise Burnt(number=7)


def test_steps_run_in_order_and_each_is_given_what_the_one_before_left(serve, log, noting):
    answers = []
    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", lambda work, run: {"dough": (1, 2)}),
        noting("rest", lambda work, run: answers.append(run.answer)),
        noting("bake", lambda work, run: answers.append(run.answer) or "loaf"),
    ])  # fmt: skip
    server = serve(kind)
    uuid = server.submit(kind, resource="loaf/1")
    server.run()
    assert log == ["mix", "rest", "bake"]
    assert answers == [{"dough": [1, 2]}, None]
    row = server.row(uuid)
    assert (row.state, row.outcome, row.answer, row.error) == ("ended", "succeeded", "loaf", None)
    assert (row.done, row.steps, row.step, row.resource) == (3, 3, "", "loaf/1")
    assert server.lines(uuid) == [("mix", "done"), ("rest", "done"), ("bake", "done")]


def test_a_job_exists_only_if_its_transaction_commits(serve, log, noting):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix")])
    server = serve(kind)
    with pytest.raises(ZeroDivisionError):
        server.kernel.run(lambda work: (work.submit(kind, Loaf(), fair_key="ann"), 1 / 0))
    server.run()
    assert server.rows() == []
    assert log == []


def test_a_step_runs_in_the_name_of_whoever_filed_the_job(serve, somebody, noting):
    seen = []
    kind = Job("bake", 1, Loaf, "oven", [noting("mix", lambda work, run: seen.append(context.current()))])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    (found,) = seen
    assert (found.principal, found.request, found.trace) == (somebody.principal, somebody.request, somebody.trace)
    assert (found.job, found.root) == (uuid, uuid)


def test_a_failed_step_turns_the_job_round_and_what_is_behind_it_is_undone_at_once(serve, log, noting):
    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", undo=nothing), noting("rest"), noting("shape", undo=nothing), noting("bake", burn, undo=nothing),
    ])  # fmt: skip
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert log == ["mix", "rest", "shape", "bake", "mix", "rest", "shape", "-shape", "-mix"]
    row = server.row(uuid)
    assert (row.state, row.outcome, row.done) == ("ended", "failed", 0)
    assert row.error == {"code": "burnt", "parameters": {"number": 7}, "text": "The loaf 7 is burnt."}
    assert server.lines(uuid) == [
        ("mix", "done"), ("rest", "done"), ("shape", "done"), ("bake", "failed: The loaf 7 is burnt."),
        ("-shape", "undone"), ("-mix", "undone"),
    ]  # fmt: skip


def test_nothing_that_a_failed_step_wrote_stays(serve, database, noting):
    def write_and_burn(work, run):
        work.submit(other, Loaf(number=99), fair_key="ann")
        burn(work, run)

    other = Job("other", 1, Loaf, "oven", [noting("mix")])
    kind = Job("bake", 1, Loaf, "oven", [noting("bake", write_and_burn)])
    server = serve(kind, other)
    server.submit(kind)
    server.run()
    assert [row.kind for row in server.rows()] == ["bake"]


def test_an_undo_that_fails_is_tried_again_until_it_works_and_each_undo_counts_once(serve, log, noting):
    attempts = []

    def stubborn(work, run):
        attempts.append(work.now)
        if len(attempts) < 4:
            raise RuntimeError("stuck")

    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", undo=nothing), noting("shape", undo=stubborn), noting("bake", burn),
    ])  # fmt: skip
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert server.row(uuid).state == "waiting"
    server.wait(60)
    assert (server.row(uuid).state, server.row(uuid).outcome) == ("ended", "failed")
    assert len(attempts) == 4
    gaps = [later - sooner for sooner, later in itertools.pairwise(attempts)]
    assert gaps == sorted(gaps)
    assert gaps[0] < 2 * SECOND < gaps[-1] + SECOND
    assert [text for step, text in server.lines(uuid) if text == "undone"] == ["undone"] * 2
    assert log.count("-mix") == 1


@pytest.mark.parametrize("wait", [None, 5 * SECOND])
def test_again_is_tried_again_later_and_leaves_no_trace_before(serve, clock, wait, noting):
    attempts = []

    def hot(work, run):
        attempts.append((work.now, run.attempt))
        if len(attempts) < 3:
            raise errors.Again(reason="the oven is cold", **({} if wait is None else {"after": wait}))
        return "warm"

    kind = Job("bake", 1, Loaf, "oven", [noting("mix"), noting("bake", hot)])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    row = server.row(uuid)
    assert (row.state, row.step, row.done, row.attempt) == ("waiting", "bake", 1, 1)
    server.wait(30)
    assert server.row(uuid).answer == "warm"
    assert [attempt for _, attempt in attempts] == [0, 1, 2]
    assert wait is None or attempts[1][0] - attempts[0][0] == wait
    assert server.lines(uuid)[1] == ("bake", "Not now: the oven is cold. The work is tried again by itself.")


def test_a_job_that_sleeps_goes_on_when_its_time_has_come_and_not_before(serve, log, clock, noting):
    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", lambda work, run: work.sleep(run, work.now + 3 * SECOND)), noting("bake"),
    ])  # fmt: skip
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    clock.advance(3 * SECOND - 1)
    server.run()
    assert log == ["mix"]
    assert (server.row(uuid).state, server.row(uuid).done) == ("waiting", 1)
    clock.advance(1)
    server.run()
    assert log == ["mix", "bake"]


def test_a_sleep_of_the_last_step_ends_the_job_later(serve, clock, noting):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix", lambda work, run: work.sleep(run, work.now + SECOND))])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert server.row(uuid).state == "waiting"
    clock.advance(SECOND)
    server.run()
    assert server.row(uuid).outcome == "succeeded"


def test_a_job_that_sleeps_is_woken_by_a_process_that_never_saw_it(serve, log, lease_out, noting):
    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", lambda work, run: work.sleep(run, work.now + SECOND)), noting("bake"),
    ])  # fmt: skip
    server = serve(kind)
    server.submit(kind)
    server.run()
    lease_out()
    serve(kind, name="b").wait(2)
    assert log == ["mix", "bake"]


def test_a_job_that_is_complete_skips_what_is_left(serve, log, noting):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix", lambda work, run: work.complete(run)), noting("bake")])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert log == ["mix"]
    row = server.row(uuid)
    assert (row.outcome, row.done) == ("succeeded", 1)


def test_what_a_complete_job_skipped_is_not_undone_when_its_last_child_fails(serve, log, noting):
    def finish(work, run):
        work.spawn(run, child, Loaf())
        work.complete(run)

    child = Job("child", 1, Loaf, "oven", [noting("fall", burn)])
    kind = Job("bake", 1, Loaf, "oven", [noting("mix", finish, undo=nothing), noting("bake", undo=nothing)])
    server = serve(kind, child)
    uuid = server.submit(kind)
    server.run()
    assert server.row(uuid).outcome == "failed"
    assert [each for each in log if each.startswith("-")] == ["-mix"]


@pytest.mark.parametrize("value", [object(), {1, object()}, "\ud800", len], ids=["object", "set", "text", "call"])
def test_an_answer_that_cannot_be_written_is_the_fault_of_its_step_alone(serve, log, value, noting):
    bad = Job("bad", 1, Loaf, "oven", [noting("mix", undo=nothing), noting("odd", lambda work, run: value)])
    good = Job("good", 1, Loaf, "oven", [noting("fine", lambda work, run: 1)])
    server = serve(bad, good)
    uuids = [server.submit(good), server.submit(bad), server.submit(good)]
    server.run()
    assert [server.row(uuid).outcome for uuid in uuids] == ["succeeded", "failed", "succeeded"]
    assert "-mix" in log


@pytest.mark.parametrize("parameter", [object(), "\ud800", {1: object()}])
def test_an_error_that_cannot_be_written_fails_its_job_all_the_same(serve, parameter, noting):
    def fall(work, run):
        raise Burnt(number=parameter)

    kind = Job("bake", 1, Loaf, "oven", [noting("bake", fall)])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert (server.row(uuid).outcome, server.row(uuid).error["code"]) == ("failed", "internal")


@pytest.mark.parametrize("answer", [{"children": [1]}, {"1": {"ok": 2}}, [], "", 0, False, {"a": "\0"}], ids=repr)
def test_an_answer_is_passed_on_whatever_it_looks_like_even_over_a_crash(serve, answer, clock, noting):
    seen = []
    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", lambda work, run: work.sleep(run, work.now + 1) or answer),
        noting("bake", lambda work, run: seen.append(run.answer) or run.answer),
    ])  # fmt: skip
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    clock.advance(1)
    server.run()
    assert seen == [answer]
    assert server.row(uuid).answer == answer


def test_a_payload_that_cannot_be_read_any_more_fails_its_job_and_hurts_no_other(serve, log, database, noting):
    class Old(msgspec.Struct):
        flour: str = "rye"
        number: str = "one"

    filed = Job("bake", 1, Old, "oven", [noting("bake")])
    old = serve(filed)
    bad = old.submit(filed, Old())
    kind = Job("bake", 1, Loaf, "oven", [noting("bake")])
    server = serve(kind, name="b")
    good = server.submit(kind, Loaf(number=1))
    server.run()
    assert server.row(good).outcome == "succeeded"
    assert server.row(bad).error["code"] == "unreadable_payload"
    assert log == ["bake"]


def test_a_kind_that_this_process_does_not_know_waits_for_one_that_does(serve, log, noting):
    new = Job("bake", 2, Loaf, "oven", [noting("new")])
    old = Job("bake", 1, Loaf, "oven", [noting("old")])
    one, other = serve(old), serve(old, new, name="b")
    other.submit(new)
    one.submit(old)
    one.run()
    assert log == ["old"]
    other.run()
    assert log == ["old", "new"]


def test_a_child_whose_parent_this_process_does_not_know_waits_for_one_that_does(serve, log, steer, noting):
    child = Job("child", 1, Loaf, "oven", [noting("crumb")])
    parent = Job("parent", 2, Loaf, "hall", [noting("part", lambda work, run: work.spawn(run, child, Loaf()) and None)])
    both = serve(parent, child, stages=[Stage(name="hall"), Stage(name="oven", workers=1)])
    uuid = both.submit(parent)
    steer("oven", "pause")
    both.run()
    steer("oven", "run")
    old = serve(child, name="old")
    old.run()
    assert log == ["part"]
    both.run()
    assert log == ["part", "crumb"]
    assert both.row(uuid).outcome == "succeeded"


def test_the_journal_keeps_the_first_and_the_last_lines(serve, noting):
    kind = Job("bake", 1, Loaf, "oven", [
        noting("mix", lambda work, run: [work.note(run, f"line {number}") for number in range(1000)] and None),
    ])  # fmt: skip
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    texts = [text for _, text in server.lines(uuid)]
    assert len(texts) == LONGEST_JOURNAL
    assert (texts[0], texts[49], texts[-1]) == ("line 0", "line 49", "done")


def test_two_jobs_of_one_uuid_are_refused_even_if_the_first_has_ended(serve, log, noting):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix")])
    server = serve(kind)
    server.submit(kind, uuid="0198c4a8-0000-7000-8000-000000000001")
    server.run()
    with pytest.raises(Exception, match=r"(?i)unique"):
        server.submit(kind, uuid="0198c4a8-0000-7000-8000-000000000001")
    server.run()
    assert log == ["mix"]


@step(priority=Priority.CONTROL)
def mix(work, run):
    """Nothing."""


BAKE = Job("bake", 1, Loaf, "oven", [mix])
LANED = Job("bake", 1, Loaf, "oven", [mix], lane="tin/{number}")
OVEN = Stage(name="oven")


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Job("bake", 1, Loaf, "oven", []),
        lambda: Job("bake", 1, Loaf, "oven", [mix, mix]),
        lambda: Job("bake", 1, Loaf, "oven", [mix], lane="tin/{nobody}"),
        lambda: Registry(jobs=[BAKE], stages=[], lanes=[]),
        lambda: Registry(jobs=[LANED], stages=[OVEN], lanes=[]),
        lambda: Registry(jobs=[BAKE, BAKE], stages=[OVEN], lanes=[]),
        lambda: Registry(jobs=[], stages=[OVEN, OVEN], lanes=[]),
        lambda: Registry(jobs=[], stages=[], lanes=[Lane(kind="tin", rank=1), Lane(kind="tin", rank=2)]),
    ],
)
def test_a_wrong_declaration_is_refused(wrong):
    with pytest.raises(Declaration):
        wrong()


def test_what_the_program_does_not_provide_fails_the_step_with_a_word_for_it(serve, noting):
    kind = Job("bake", 1, Loaf, "oven", [noting("mix", lambda work, run: work.the(Work))])
    server = serve(kind)
    uuid = server.submit(kind)
    server.run()
    assert server.row(uuid).error["code"] == "not_provided"
