"""Where hatchling finds the package: in a checkout in the service's folder, in a source distribution right here."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "bellwether_client"


class SourceOfTheService(BuildHookInterface):  # type: ignore[type-arg]
    """Puts `bellwether/client` into what is built, by the package's own name."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Before each build."""
        if Path(self.root, PACKAGE).is_dir():
            return  # an unpacked source distribution is whole
        if version == "editable":
            raise ValueError("An editable install is not possible: the package is a folder of another name.")
        source = Path(self.root).resolve().parents[1] / "bellwether" / "client"
        build_data["force_include"][str(source)] = PACKAGE
