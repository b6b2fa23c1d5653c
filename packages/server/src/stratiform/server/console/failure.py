"""How a command ends that cannot do what it was asked: one line that tells the next step."""

import click
from sqlalchemy.exc import OperationalError

from stratiform.framework.base import errors


class OneLine(click.Group):
    """A group of commands whose errors, if they are the system's own, become one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> object:
        """Run the command that was given."""
        try:
            return super().invoke(ctx)
        except errors.Error as error:
            raise click.ClickException(" ".join(str(error).split())) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.strerror}: {error.filename}. Choose another directory.") from error
        except OperationalError as error:
            reason = " ".join(str(error.orig).split())
            raise click.ClickException(f"The database cannot be used: {reason}. Check --data or --database.") from error
