"""The bugs: each is what somebody might well write, and what the tests must not let pass.

Whoever changes a line that one is planted in plants it anew here, or takes the bug out together with what it was about.
"""

from tests.planted.bug import Bug, Edit

FRAMEWORK = "framework/src/stratiform/framework"
ENGINE = "engine/src/stratiform/engine"
SERVER = "server/src/stratiform/server"


def jobs(file: str, old: str, new: str) -> Edit:
    """An edit of a module of the job engine."""
    return Edit(file=f"{FRAMEWORK}/jobs/{file}.py", old=old, new=new)


BUGS = [
    # Effects, and who may answer for them.
    Bug(
        name="skip the epoch check of an answer",
        harm="What a process answers that was given up for dead counts as if it were still in charge, so a job goes on"
        " while whoever took it over is still acting.",
        edits=(jobs("batch", " and run.epoch == call.epoch and", " and"),),
        caught_by=("framework/jobs/test_effects.py::test_a_process_whose_lease_ran_out_comes_back_as_somebody_else",),
    ),
    Bug(
        name="adopt without raising the epoch",
        harm="Two processes act for one job under the same epoch, and hosts cannot tell the dead one's commands from"
        " the living one's.",
        edits=(
            jobs("statement", "CASE WHEN epoch >= :floor THEN epoch + 1 ELSE :floor + 1 END", "epoch"),
        ),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_effect_of_a_dead_process_is_asked_for_with_a_higher_epoch_and_its_old_answer_refused",
        ),
    ),
    Bug(
        name="adopt what a living process carries out",
        harm="Every server takes the others' commands over each few seconds: each is carried out several times.",
        edits=(jobs("statement", "job.owner NOT IN (SELECT id FROM process)", "job.owner <> :owner"),),
        caught_by=("framework/jobs/test_effects.py::test_what_a_living_process_carries_out_stays_its_own_when_another_dies",),
    ),
    Bug(
        name="forget the generation of the database in an epoch",
        harm="After a restore epochs are given a second time, and a host refuses the new commands or obeys old ones.",
        edits=(jobs("advance", "max(run.epoch, self._floor) + 1", "run.epoch + 1"),),
        caught_by=("framework/jobs/test_effects.py::test_an_epoch_stands_above_the_generation_of_the_database",),
    ),
    Bug(
        name="swallow an answer that could not be recorded",
        harm="A machine that was started stays Starting for ever, because the database was away as its host answered.",
        edits=(jobs("kernel", "workers.return_answers(answers)", "pass"),),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_answer_that_could_not_be_recorded_is_recorded_later_and_the_effect_not_repeated",
        ),
    ),
    Bug(
        name="let a stale answer hide the one that counts",
        harm="Of two answers in one batch the older one wins and is refused: the job waits for what came already.",
        edits=(jobs("batch", "[0].epoch < answer[0].epoch", "[0].epoch > answer[0].epoch"),),
        caught_by=("framework/jobs/test_effects.py::test_a_stale_answer_does_not_hide_the_one_that_counts",),
    ),
    Bug(
        name="begin an effect before its intent is committed",
        harm="A host starts a machine that, after a crash in that instant, the database knows nothing of.",
        edits=(
            jobs(
                "batch",
                "calls = [self._effects.register(run) for run in advance.begun]\n",
                "calls = [self._effects.register(run) for run in advance.begun]\n"
                "                self._effects.begin(calls)\n"
                "                calls = []\n",
            ),
        ),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_effect_on_a_thread_runs_outside_any_transaction_after_its_intent_is_durable",
        ),
        database="postgresql",
    ),
    Bug(
        name="complete an effect before the commit",
        harm="The database was away as a host answered: the server has forgotten the command, asks for it again, and"
        " refuses the answer that it has.",
        edits=(
            jobs(
                "batch",
                "        self._carry_on(Attempt(stage=stage, ids=sorted(newest), answers=newest))\n"
                "        self._effects.forget(call for call, _, _ in answers)",
                "        self._effects.forget(call for call, _, _ in answers)\n"
                "        self._carry_on(Attempt(stage=stage, ids=sorted(newest), answers=newest))",
            ),
        ),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_answer_that_could_not_be_recorded_is_recorded_later_and_the_effect_not_repeated",
        ),
    ),
    Bug(
        name="lose sight of an effect whose commit was in doubt",
        harm="The connection broke as the database committed: the command is never sent and its job waits for ever.",
        edits=(
            jobs("kernel", "unknown = self._effects.unknown(left.mine)", "unknown: list[tuple[int, int]] = []"),
        ),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_effect_whose_commit_was_lost_sight_of_is_carried_out_all_the_same",
        ),
    ),
    Bug(
        name="repeat what happens once after a crash",
        harm="A machine is rebooted a second time, because the server died after the first.",
        edits=(jobs("effects", "elif call.step.once:", "elif call.step.once and call.step.answers:"),),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_effect_that_happens_once_is_never_repeated_but_reported",
        ),
    ),
    Bug(
        name="take unknown for failed",
        harm="A slow host's machine is declared failed and its address given away while it boots.",
        edits=(
            jobs(
                "effects",
                "            if call.step.inquire is not None:\n                self.inquire(call)",
                "            call.fail(OutcomeUnknown(step=call.step.name))",
            ),
        ),
        caught_by=(
            "framework/jobs/test_effects.py::test_an_effect_past_its_limit_is_asked_for_again_and_again_and_never_failed",
        ),
    ),
    Bug(
        name="never undo the effect that failed",
        harm="A disk that was made half stays in the pool: nobody deletes it and its room is lost.",
        edits=(jobs("advance", "step, error, run.done + 1)", "step, error, run.done)"),),
        caught_by=(
            "framework/jobs/test_effects.py::test_a_failed_effect_is_undone_too_for_it_may_have_happened_in_part",
        ),
    ),
    Bug(
        name="let an abort not reach the host",
        harm="An operator cancels a job, and the host goes on with it for hours.",
        edits=(Edit(
            file=f"{FRAMEWORK}/agents/command.py", old="call.the(Channel).abort(call)", new="call.the(Channel)"
        ),),
        caught_by=(
            "framework/agents/test_channel.py::test_a_job_that_is_cancelled_has_its_command_aborted_past_the_resources_full_lane",
        ),
    ),
    Bug(
        name="obey an older owner at the far end",
        harm="A server that woke up late starts a machine that another one has moved meanwhile: it runs twice.",
        edits=(Edit(
            file=f"{FRAMEWORK}/agents/fate.py", old="request.epoch < known.epoch:", new="request.epoch < 0:"
        ),),
        caught_by=("framework/agents/test_farend.py::test_a_send_older_than_the_one_that_was_carried_out_is_refused",),
    ),
    # Steps, and the way back.
    Bug(
        name="forget an undo",
        harm="Of a deployment that failed only the last step is taken back: room on a host stays claimed for nobody.",
        edits=(jobs("advance", "run.step = self._before(run, run.done)", "run.step = END"),),
        caught_by=(
            "framework/jobs/test_children.py::test_a_failed_child_undoes_its_parent_in_reverse_order_once_all_children_have_ended",
        ),
    ),
    Bug(
        name="undo from the first step to the last",
        harm="An address is freed before the machine that uses it is stopped, and given to another tenant.",
        edits=(
            jobs("advance", "= self._before(run, begun)", "= run.job.steps[0].name if begun else END"),
            jobs(
                "advance",
                "        run.done = run.job.index(step.name)\n        run.step = self._before(run, run.done)\n",
                "        run.step = END if run.job.index(step.name) + 1 >= run.done else run.job.after(step.name)\n",
            ),
        ),
        caught_by=(
            "framework/jobs/test_children.py::test_a_failed_child_undoes_its_parent_in_reverse_order_once_all_children_have_ended",
        ),
    ),
    Bug(
        name="undo while a child is still at work",
        harm="A failed disk has its machine's other disks' room given back while they are still being made.",
        edits=(
            jobs("advance", "parent.pending -= 1", "parent.pending = parent.pending - 1 if ok else 0"),
        ),
        caught_by=(
            "framework/jobs/test_children.py::test_a_failed_child_undoes_its_parent_in_reverse_order_once_all_children_have_ended",
        ),
    ),
    Bug(
        name="rewind over the steps between",
        harm="A machine is tried on another host and keeps its room on the first: hosts fill up with nothing.",
        edits=(
            jobs(
                "advance",
                "self._turn(run, error, begun)\n",
                "self._turn(run, error, run.job.index(target.name) + 1 if target else begun)\n",
            ),
        ),
        caught_by=(
            "framework/jobs/test_rewind.py::test_a_job_begins_again_where_its_step_says_and_undoes_what_lies_between",
        ),
    ),
    Bug(
        name="complete although steps are left",
        harm="A deployment is told as done with its disk made and nothing booted.",
        edits=(jobs("advance", "if self.work.completed(run) else run.job.after(step.name)", "if run.done else \"\""),),
        caught_by=(
            "framework/jobs/test_steps.py::test_steps_run_in_order_and_each_is_given_what_the_one_before_left",
        ),
    ),
    Bug(
        name="act in nobody's name",
        harm="What a step writes and sends is logged and audited as nobody's: who asked for it cannot be told.",
        edits=(
            jobs(
                "advance",
                "                with context.use(run.context):\n                    run.answer =",
                "                if run:\n                    run.answer =",
            ),
        ),
        caught_by=("framework/jobs/test_steps.py::test_a_step_runs_in_the_name_of_whoever_filed_the_job",),
    ),
    Bug(
        name="fail the neighbours of a bad member",
        harm="One machine that cannot be placed fails the thirty-one others that were deployed with it.",
        edits=(jobs("batch", "self._halve(again)", "self._carry_on(_with(again, error, *seen.values()))"),),
        caught_by=("framework/jobs/test_batches.py::test_a_bad_member_fails_alone",),
    ),
    # Waiting.
    Bug(
        name="wake a job whose children live",
        harm="A deployment boots its machine while its disk is still being made.",
        edits=(jobs("statement", "AND job.state = 'waiting' AND job.pending = 0", "AND job.state = 'waiting'"),),
        caught_by=("framework/jobs/test_children.py::test_a_job_that_sleeps_and_has_a_child_waits_for_both",),
    ),
    Bug(
        name="lose count of the children",
        harm="A deployment goes on after the first of its disks.",
        edits=(jobs("advance", "parent.pending -= 1", "parent.pending = 0"),),
        caught_by=(
            "framework/jobs/test_children.py::test_results_come_in_the_order_of_spawning_however_late_each_child_is",
        ),
    ),
    Bug(
        name="lose a timer over a restart",
        harm="A job that slept as its server was restarted sleeps for ever.",
        edits=(jobs("kernel", "self._next = now.timer", "self._next = self._next or 0"),),
        caught_by=(
            "framework/jobs/test_steps.py::test_a_job_that_sleeps_is_woken_by_a_process_that_never_saw_it",
        ),
    ),
    Bug(
        name="ring the workers before the commit",
        harm="Workers look before there is anything to see, so each command waits until the next look, a second later.",
        edits=(jobs("kernel", "tx.after_commit(lambda: self._ring(work))", "self._ring(work)"),),
        caught_by=(
            "framework/jobs/test_batches.py::test_workers_are_woken_when_there_is_something_to_see_and_not_before",
        ),
        database="postgresql",
    ),
    # Lanes.
    Bug(
        name="release a slot twice",
        harm="Two jobs work on one machine at once: one starts it while the other deletes its disk.",
        edits=(jobs("work", "run.lane is not None and run.id not in self._bequeathed)", "run.lane is not None)"),),
        caught_by=("framework/jobs/test_lanes.py::test_work_under_way_ends_before_new_work_of_the_lane_starts",),
    ),
    Bug(
        name="keep the slot of a job that failed",
        harm="After one failure nothing can be done with a machine any more: everything waits for a job that is gone.",
        edits=(
            jobs(
                "work",
                "run.lane for run in self.ended if run.lane is not None and",
                "run.lane for run in self.ended if run.lane is not None and run.error is None and",
            ),
        ),
        caught_by=("framework/jobs/test_lanes.py::test_the_slot_of_a_job_that_failed_is_free",),
    ),
    Bug(
        name="promote without the lane's lock",
        harm="Two servers that release and queue in the same instant miss one another: a tenant's job is blocked for"
        " ever by nobody.",
        edits=(
            jobs("statement", "ORDER BY key{_locking(dialect, '')}\"", "ORDER BY key\""),
            jobs(
                "statement",
                "ELSE 0 END AS free, lane.queued\"",
                "ELSE 0 END AS free, (SELECT l.queued FROM lane AS l WHERE l.key = lane.key)\"",
            ),
        ),
        caught_by=(
            "framework/jobs/test_lanes.py::test_who_queues_in_the_very_moment_a_slot_is_given_back_is_not_left_behind",
        ),
        database="postgresql",
    ),
    Bug(
        name="hold a job that has no slot yet",
        harm="A held job is released beside the one that has the machine's lane, and both work on it.",
        edits=(
            jobs(
                "control",
                "        if run.state is State.READY:\n            run.state = State.HELD",
                "        if run.state in (State.READY, State.BLOCKED):\n            run.state = State.HELD",
            ),
        ),
        caught_by=(
            "framework/jobs/test_control.py::test_a_sleeper_and_one_who_is_blocked_are_held_when_their_turn_comes",
        ),
    ),
    Bug(
        name="let a held job take a step when its lane is free",
        harm="An operator holds what waits for a machine, and it begins all the same.",
        edits=(
            jobs(
                "statement",
                "state = {_FREE}, changed = :now WHERE id IN (SELECT (SELECT b.id",
                "state = 'ready', changed = :now WHERE id IN (SELECT (SELECT b.id",
            ),
        ),
        caught_by=(
            "framework/jobs/test_control.py::test_a_sleeper_and_one_who_is_blocked_are_held_when_their_turn_comes",
        ),
    ),
    Bug(
        name="take lanes in any order",
        harm="Two jobs wait for each other's lanes, and both tenants wait for ever.",
        edits=(jobs("work", ".rank >= rank:", ".rank > rank:"),),
        caught_by=(
            "framework/jobs/test_lanes.py::test_waiting_for_a_lane_of_the_same_or_a_lower_rank_is_refused",
        ),
    ),
    # The operator's hand.
    Bug(
        name="claim from a paused stage",
        harm="An operator pauses a stage to repair a storage system, and jobs go on using it.",
        edits=(jobs("statement", " AND stage.mode <> 'pause')", ")"),),
        caught_by=(
            "framework/jobs/test_control.py::test_who_has_not_read_yet_that_a_stage_is_paused_takes_nothing_up_there",
        ),
    ),
    Bug(
        name="ask for work in a paused stage",
        harm="Every filing in a stage that is paused has a worker search its queue, which grows, for nothing.",
        edits=(jobs("kernel", "if not paused and self._batches.claim", "if self._batches.claim"),),
        caught_by=(
            "framework/jobs/test_control.py::test_what_is_filed_in_a_paused_stage_makes_nobody_ask_for_work",
        ),
    ),
    Bug(
        name="carry children on in a paused stage",
        harm="Work of a paused stage is done all the same where a job of another one files it.",
        edits=(jobs("advance", "if not self._fuse or stage in self._settings.paused:", "if not self._fuse:"),),
        caught_by=("framework/jobs/test_children.py::test_a_paused_stage_is_not_worked_behind_its_back",),
    ),
    Bug(
        name="count children into the depth limit",
        harm="A stage refuses new deployments because of the steps of those it has accepted.",
        edits=(jobs("statement", "state IN ('ready', 'blocked')\"\n        \" AND parent IS NULL AND done = 0 LIMIT",
                    "state IN ('ready', 'blocked')\"\n        \" LIMIT"),),
        caught_by=("framework/jobs/test_control.py::test_a_stage_is_not_full_of_what_came_of_jobs",),
    ),
    Bug(
        name="bind what steps file by what operators set",
        harm="A job fails half way because the stage that it files something into is drained.",
        edits=(
            jobs(
                "batch",
                "Work(tx, self._registry, self._world, self._provided)",
                "Work(tx, self._registry, self._world, self._provided, self._settings)",
            ),
        ),
        caught_by=("framework/jobs/test_control.py::test_what_a_step_files_is_bound_by_no_drain_and_no_limit",),
    ),
    Bug(
        name="have one more in flight than allowed",
        harm="An operator lets one upgrade run at a time, and two do.",
        edits=(jobs("advance", "return max(0, int(str(in_flight)) - ", "return max(0, 1 + int(str(in_flight)) - "),),
        caught_by=(
            "framework/jobs/test_control.py::test_no_more_roots_are_under_way_than_allowed_and_their_children_pass",
        ),
    ),
    Bug(
        name="cancel past a step that destroys",
        harm="A destroy is cancelled while its host deletes the disk, and the machine is told as if it were whole.",
        edits=(jobs("run", "begun = self.begun + (self.state is State.RUNNING)", "begun = self.begun - 1"),),
        caught_by=("framework/jobs/test_control.py::test_what_cannot_be_cancelled_says_why",),
    ),
    Bug(
        name="cancel the children of an undo",
        harm="What takes a failed deployment back is cancelled itself, and what it should give back is lost.",
        edits=(
            jobs("control", "is Direction.UNDO or run.parent in back:", "is Direction.UNDO:"),
        ),
        caught_by=(
            "framework/jobs/test_control.py::test_what_serves_an_undo_is_not_cancelled_and_neither_with_its_root",
        ),
    ),
    Bug(
        name="file a retry twice",
        harm="An operator who clicks twice has a machine deployed twice at once.",
        edits=(
            jobs("control", "if row.retried is not None:", "if row.retried is not None and row.error is None:"),
            jobs("control", "if other is not None:", "if other is not None and row.error is None:"),
        ),
        caught_by=(
            "framework/jobs/test_control.py::test_a_job_that_failed_is_filed_anew_once_however_often_it_is_asked",
        ),
    ),
    Bug(
        name="cancel before the deadline",
        harm="As soon as one job is overdue, all that have a deadline at all are cancelled with it.",
        edits=(jobs("deadline", "_OVERDUE, job.c.due <= now,", "_OVERDUE,"),),
        caught_by=(
            "framework/jobs/test_deadline.py::test_one_is_cancelled_at_its_own_deadline_and_not_at_anothers",
        ),
    ),
    Bug(
        name="give a ticket without the account's weight",
        harm="A tenant who pays for three shares gets one.",
        edits=(
            jobs("statement", "r.cost / q.weight +", "r.cost +"),
            jobs("statement", 'f":cost / {weight} + ', 'f":cost + '),
        ),
        caught_by=("framework/jobs/test_control.py::test_accounts_share_by_their_weights",),
    ),
    Bug(
        name="take jobs up in the order of filing",
        harm="A tenant who deploys ten thousand machines makes everybody else wait for all of them.",
        edits=(jobs("statement", " ORDER BY job.ticket, job.id LIMIT :limit", " ORDER BY job.id LIMIT :limit"),),
        caught_by=(
            "framework/jobs/test_fairness.py::test_the_first_job_of_another_account_is_in_the_very_next_claim",
        ),
    ),
    # Tokens, and what is kept.
    Bug(
        name="answer a token whatever was asked with it",
        harm="A client that uses one token for two machines is told that the second one is there.",
        edits=(jobs("token", "if not same(row.request):", "if not row.request:"),),
        caught_by=(
            "framework/jobs/test_token.py::test_the_same_token_with_another_request_is_refused_and_nothing_changes",
        ),
    ),
    Bug(
        name="purge a tree that lives",
        harm="A job that is under way vanishes together with the lane that it holds.",
        edits=(jobs("purge", " AND ({members} AND member.state <> 'ended') = 0", ""),),
        caught_by=("framework/jobs/test_purge.py::test_what_lives_is_never_purged_however_old_it_is",),
    ),
    Bug(
        name="purge what is younger than its retention",
        harm="Who repeats a request with its token an hour later is told of a job that nobody knows any more.",
        edits=(jobs("purge", "return max(config", "return min(config"),),
        caught_by=("framework/jobs/test_purge.py::test_they_are_kept_at_least_as_long_as_tokens_that_name_them",),
    ),
    # Membership.
    Bug(
        name="beat after the lease ran out",
        harm="A server that slept goes on as itself although others have taken its work over: both act.",
        edits=(Edit(
            file=f"{FRAMEWORK}/cluster/membership.py",
            old="        self.check()\n        now = self._now()\n        self._hold(tx)",
            new="        now = self._now()\n        self._hold(tx)",
        ),),
        caught_by=("framework/test_cluster.py::test_an_expired_member_never_beats_again",),
    ),
    Bug(
        name="bury a process that lives",
        harm="A server that was late for a moment loses its work to another, and both carry it out.",
        edits=(
            Edit(
                file=f"{FRAMEWORK}/cluster/membership.py",
                old="process.c.id.in_(ids), self.is_dead())",
                new="process.c.id.in_(ids))",
            ),
            Edit(
                file=f"{FRAMEWORK}/cluster/membership.py",
                old="skip_locked=True)), self.is_dead()",
                new="skip_locked=True))",
            ),
        ),
        caught_by=("framework/test_cluster.py::test_who_beats_between_the_look_and_the_burial_lives_on",),
    ),
    # The cloud.
    Bug(
        name="claim room on a host without looking",
        harm="More machines are placed on a host than it has memory for, and its kernel kills some of them.",
        edits=(Edit(
            file=f"{ENGINE}/capacity/service.py",
            old="{table}.{name} + r.{name} <= {table}.{bound}",
            new="{table}.{name} + r.{name} <= 1 << 40",
        ),),
        caught_by=("engine/test_claims.py::test_rivals_never_claim_more_than_there_is",),
    ),
    Bug(
        name="give an address to two",
        harm="Two tenants' machines have one address, and each gets the other's traffic.",
        edits=(
            Edit(file=f"{ENGINE}/address/service.py", old=" FOR NO KEY UPDATE {{locked}}) AS a", new=") AS a"),
            Edit(
                file=f"{ENGINE}/address/service.py",
                old=" WHERE address.id = met.id AND address.state = 'Free' {answer}",
                new=" WHERE address.id = met.id {answer}",
            ),
        ),
        caught_by=("engine/test_claims.py::test_rivals_never_get_the_same_address",),
        database="postgresql",
    ),
    Bug(
        name="free an address in doubt",
        harm="The address of a machine that may still run somewhere is given to another tenant.",
        edits=(Edit(
            file=f"{ENGINE}/address/service.py", old="\"state = 'Releasing'\"", new="\"state = 'Free'\""
        ),),
        caught_by=("engine/test_claims.py::test_released_ones_are_free_again_and_doubted_ones_are_not",),
    ),
    Bug(
        name="forget to stop what may have started",
        harm="A boot failed, as far as its host knows: its disk and address are given away while it may run.",
        edits=(Edit(file=f"{ENGINE}/vm/jobs/start.py", old="@boot.undo\n", new=""),),
        caught_by=("engine/jobs/test_failures.py::test_nothing_is_released_before_the_host_says_that_it_does_not_run",),
    ),
    Bug(
        name="store a token before the effect",
        harm="A request that failed half way is answered as done when it is repeated, and nothing was done.",
        edits=(Edit(
            file=f"{ENGINE}/cloud.py",
            old="    return tokens.claim(tx, key, request=token.request, same=token.same, until=token.until)",
            new="    return tx.database.run(\n"
            "        lambda own: tokens.claim(own, key, request=token.request, same=token.same, until=token.until)\n"
            "    )",
        ),),
        caught_by=("server/test_token.py::test_a_refusal_keeps_nothing_so_what_was_wrong_may_be_put_right",),
        database="postgresql",
    ),
]
