"""Write the next migration of a layer: revision.py stratiform.framework.schema:FRAMEWORK "what it does".

Then read it, and raise the layer's `version` to the number of the new file.
"""

import subprocess
import sys
from pkgutil import resolve_name

from stratiform.framework.db.migrate import Layer
from stratiform.framework.db.revision import generate

if __name__ == "__main__":
    layer = resolve_name(sys.argv[1])
    if not isinstance(layer, Layer):
        sys.exit(f"{sys.argv[1]} is not a Layer")
    file = generate(layer, sys.argv[2])
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", f"{file}"], check=True)
    print(file)
