"""The engine's migrations, one file each; `tools/revision.py` writes them."""
