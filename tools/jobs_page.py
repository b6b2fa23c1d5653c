"""Write docs/engine/jobs.md: every job of the engine with its steps, from the code."""

import inspect
import pathlib

from stratiform.engine.api import program
from stratiform.framework.jobs.kind import Job, Step

PAGE = pathlib.Path(__file__).parents[1] / "docs/engine/jobs.md"

HEAD = """\
# The engine's jobs

What a command changes beyond the database is a [job](../decisions/0005-what-a-machine-is-made-of-when.md): a list of
steps, each durable before the next one begins. Written by `tools/jobs_page.py`, do not edit.

What every job promises:

* **A process may die anywhere.** The next one carries the job on: a step that writes the database is carried out once,
  a command to a host has one id under which the host carries it out once, and its fate is asked for, never guessed.
* **One at a time.** A job on a machine holds the machine's lane until it ends; a later one waits for it. Renaming and
  taking back need no lane: they change only what is still as they read it, and so does every step.
* **Nothing is released that may still be used.** A boot that failed is undone by a stop that the host confirms, a disk
  by a deletion, a stop by asking the host what runs; until it answers, the machine's room, disk and addresses stay
  claimed, and the job waits, visibly. A tenant's machine is never stopped to tidy up, but for the boot that the very
  job began.
* **A state and the event that tells of it are one transaction**, and so are a claim and what it is for.
* **Many cost what one costs.** Steps marked ∗ take a batch of jobs at once; a bad member fails alone.
* **A host that hangs delays only those on it.** Its lane bounds the commands in flight there, and a slot of its own,
  the lane `host-control`, lets through what undoes or ends them.

A step marked † may destroy what a tenant has. After ↩ stands what undoes the step; a job that fails is undone from the
last step that was begun to the first. After ↻ stands what may let it begin again at an earlier step instead: a machine
that one host does not start is stopped there and placed on another, on three at most.

| job | what it does | lane | steps |
|---|---|---|---|
"""


def first_sentence(job: Job) -> str:
    """What the module that declares the job says of it."""
    return " ".join((inspect.getdoc(inspect.getmodule(job.steps[0].run)) or "").split())


def told(step: Step) -> str:
    """A step's name, its marks, what undoes it, and what lets the job begin again."""
    marks = "∗" * step.batch + "†" * step.destroys
    back = f" ↩ `{step.reverse.__name__}`" if step.reverse else ""
    return f"`{step.name}`{marks}{back}" + (f" ↻ `{step.rewinds.__name__}`" if step.rewinds else "")


def lane(job: Job) -> str:
    """The lane's template and how many hold one at once."""
    if job.lane is None:
        return ""
    width = program.registry.lane(job.lane).width
    return f"`{job.lane}`" + (f", {width} at once" if width > 1 else "")


def row(job: Job) -> str:
    """A job as a row of the table."""
    return f"| `{job.name}` | {first_sentence(job)} | {lane(job)} | {', '.join(map(told, job.steps))} |\n"


def render() -> str:
    """The page."""
    jobs = sorted(program.registry.jobs.values(), key=lambda job: (job.stage != "vm", job.stage, job.name))
    return HEAD + "".join(map(row, jobs))


if __name__ == "__main__":
    PAGE.write_text(render())
