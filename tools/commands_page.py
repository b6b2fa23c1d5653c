"""Write docs/commands.md from the commands that are declared."""

import pathlib

from stratiform.api import page, registry

PAGE = pathlib.Path(__file__).parents[1] / "docs/commands.md"

if __name__ == "__main__":
    PAGE.write_text(page.render(registry.collect()))
