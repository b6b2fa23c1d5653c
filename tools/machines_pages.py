"""Write docs/machines: every state machine of the engine, drawn from the code."""

import importlib
import pathlib

import stratiform.engine
from stratiform.framework.machine import Machine

FOLDER = pathlib.Path(__file__).parents[1] / "docs/machines"

PAGE = """\
# The states of a {kind}

{first} Declared in `{module}`; written by `tools/machines_pages.py`, do not edit.

```mermaid
{diagram}
```

{table}
"""


def machines() -> dict[str, tuple[str, Machine]]:
    """The machines that the nouns declare, by the name of their page, with their module's name."""
    found = {}
    for file in sorted(pathlib.Path(stratiform.engine.__path__[0]).glob("*/states.py")):
        module = importlib.import_module(f"stratiform.engine.{file.parent.name}.states")
        for value in vars(module).values():
            if isinstance(value, Machine):
                found[value.kind.replace(" ", "-").lower()] = (module.__name__, value)
    return found


def render(module: str, machine: Machine) -> str:
    """The page of a machine."""
    first = f"It begins as {machine.initial}" + (f" and ends as {', '.join(machine.final)}." if machine.final else ".")
    return PAGE.format(kind=machine.kind, first=first, module=module, diagram=machine.mermaid(), table=machine.table())


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, (module, machine) in machines().items():
        (FOLDER / f"{name}.md").write_text(render(module, machine))
