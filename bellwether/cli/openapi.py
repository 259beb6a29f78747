"""The API's description, as docs/openapi.json keeps it: `python -m bellwether.cli.openapi > docs/openapi.json`."""

import json


def main() -> None:
    """Print the description of this version."""
    import sys
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from bellwether.core.config import load_settings
    from bellwether.services import build_services
    from web.app import create_app

    with TemporaryDirectory() as folder:
        app = create_app(build_services(load_settings(database={"path": Path(folder) / "unused.sqlite3"})))
        sys.stdout.write(json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
