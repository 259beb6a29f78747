"""Where the program finds what it came with, and where it keeps what it makes.

From a checkout everything is beside the code. Installed, the wheel brings models and settings along inside the package,
and rows go to the folder that the system has for a user's data: a tool may be started from any folder and must find
them again.
"""

from pathlib import Path

import platformdirs

_PACKAGE = Path(__file__).resolve().parents[1]
_SHIPPED = _PACKAGE / "shipped"  #: pyproject.toml lays it there in a wheel; a checkout has none

INSTALLED = _SHIPPED.is_dir()  #: from a wheel, not from a checkout
COMMAND = "bellwether" if INSTALLED else "python -m bellwether"  #: how people call the command line
MODELS = Path("exported_models")  #: the models' folder, unless another is set
CONFIG = Path("config.yaml")  #: the settings' file, unless another is named
DATABASE = Path("var/bellwether.sqlite3")  #: in the working folder

_BROUGHT = _SHIPPED if INSTALLED else _PACKAGE.parent


def shipped_config() -> Path:
    """The file with every setting, its default and a comment."""
    return _BROUGHT / CONFIG


def models_folder(asked: Path) -> Path:
    """Where the models lie: for the usual folder, where the working folder has none, those that came along."""
    return _BROUGHT / MODELS if asked == MODELS and not asked.is_dir() else asked


def database_path() -> Path:
    """The database's file, unless another is set. One in the working folder is gone on with, however we run."""
    if not INSTALLED or DATABASE.exists():
        return DATABASE
    return platformdirs.user_data_path("bellwether", appauthor=False) / DATABASE.name
