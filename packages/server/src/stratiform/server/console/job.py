"""Placeholder"""
import click
@click.group(name="job")
def jobs() -> None:
    """x"""
