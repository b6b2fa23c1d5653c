"""Write docs/machines: every state machine of the engine, and a job's, drawn from the code."""

import importlib
import pathlib

import stratiform.engine
from stratiform.framework.jobs import state
from stratiform.framework.machine import Machine

FOLDER = pathlib.Path(__file__).parents[1] / "docs/machines"

PAGE = """\
# The states of {kind}

{first} Declared in `{module}`; written by `tools/machines_pages.py`, do not edit.

```mermaid
{diagram}
```

{table}
"""


def machines() -> dict[str, tuple[str, Machine]]:
    """The machines that the nouns and the job engine declare, by the name of their page, with their module's name."""
    found: dict[str, tuple[str, Machine]] = {"job": (state.__name__, state.MACHINE)}
    for file in sorted(pathlib.Path(stratiform.engine.__path__[0]).glob("*/states.py")):
        module = importlib.import_module(f"stratiform.engine.{file.parent.name}.states")
        for value in vars(module).values():
            if isinstance(value, Machine):
                found[value.kind.replace(" ", "-").lower()] = (module.__name__, value)
    return found


def render(module: str, machine: Machine) -> str:
    """The page of a machine."""
    first = f"It begins as {machine.initial}" + (f" and ends as {', '.join(machine.final)}." if machine.final else ".")
    kind = f"{'an' if machine.kind[0].lower() in 'aeio' else 'a'} {machine.kind}"
    return PAGE.format(kind=kind, first=first, module=module, diagram=machine.mermaid(), table=machine.table())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (module, machine) in machines().items():
        (FOLDER / f"{name}.md").write_text(render(module, machine))
