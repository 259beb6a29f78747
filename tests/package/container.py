"""A root file system run as Docker would run it: by runc, which Docker uses too, with what compose.yaml asks for.

What is not the same: no network namespace of its own where it has a network, none of Docker's own first process, and
not Docker's seccomp profile, which is stricter about calls that the service does not make.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import yaml

from tests.package.debian_root import ROOT
from tests.package.dockerfile import ImageConfig

_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def service(file: str = "compose.yaml", name: str = "bellwether") -> dict[str, Any]:
    """What a compose file says of a service, with the defaults of variables in their places."""
    text = (ROOT / file).read_text(encoding="utf-8")
    without_variables = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text).replace("$$", "$")
    return dict(yaml.safe_load(without_variables)["services"][name])


@dataclass
class Container:
    """A service in a container."""

    root: Path
    image: ImageConfig
    volume: Path  #: of this machine, for the first volume of the image
    port: int
    asked: Mapping[str, Any] = field(default_factory=service)  #: by compose
    name: str = f"bellwether-{os.getpid()}"
    state: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="bellwether-runc-")))

    def start(self) -> "subprocess.Popen[bytes]":
        """Begin with what compose, or else the image, starts; its log goes where ours goes."""
        entrypoint = self.asked.get("entrypoint", self.image.entrypoint)
        return subprocess.Popen(
            self._prepared([*entrypoint, *self.asked.get("command", self.image.command)]), stdin=subprocess.DEVNULL
        )

    def once(self, *words: str, given: IO[bytes] | None = None) -> "subprocess.CompletedProcess[str]":
        """Other words than the service's, in a container that ends with them, as `docker compose run --rm` does."""
        command = self._prepared(list(words))
        return subprocess.run(command, stdin=given or subprocess.DEVNULL, capture_output=True, text=True)

    def run(self, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """A command beside the service, as `docker exec` does; `variables` of its environment come besides."""
        added = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
        user = ("--user", self.image.user, "--cwd", self.image.workdir)
        return subprocess.run(self._runc("exec", *user, *added, self.name, *command), capture_output=True, text=True)

    def signal(self, name: str) -> None:
        """Send the service a signal."""
        subprocess.run(self._runc("kill", self.name, name), check=True)

    def processes(self) -> list[int]:
        """Their numbers on this machine."""
        listed = subprocess.run(self._runc("ps", "--format", "json", self.name), capture_output=True, check=True)
        return list(json.loads(listed.stdout))

    def most_memory(self) -> int:
        """Bytes at the highest as the limit counts them: pages of files are with whoever read them first."""
        told = subprocess.run(self._runc("events", "--stats", self.name), capture_output=True, check=True)
        return int(json.loads(told.stdout)["data"]["memory"]["usage"]["max"])

    @property
    def memory_limit(self) -> int:
        """Bytes that it may take: "1g"."""
        text = str(self.asked["mem_limit"])
        return int(text[:-1]) * _UNITS[text[-1]]

    def remove(self) -> None:
        """End whatever is left."""
        subprocess.run(self._runc("delete", "--force", self.name), capture_output=True)
        shutil.rmtree(self.state, ignore_errors=True)

    def _runc(self, *words: str) -> list[str]:
        return ["runc", "--root", f"{self.state}/state", *words]

    def _prepared(self, words: Sequence[str]) -> list[str]:
        """The command that runs these words in it."""
        owner = [int(number) for number in self.image.user.split(":")]
        os.chown(self.volume, *owner)
        bundle = Path(tempfile.mkdtemp(prefix="bundle-", dir=self.state))
        (bundle / "config.json").write_text(json.dumps(self._specification(bundle, words)), encoding="utf-8")
        return self._runc("run", "--bundle", str(bundle), self.name)

    def _specification(self, bundle: Path, words: Sequence[str]) -> dict[str, Any]:
        """What runc is told: its own example, with the image's and compose.yaml's wishes in place of it."""
        subprocess.run(["runc", "spec", "--bundle", str(bundle)], check=True)
        told: dict[str, Any] = json.loads((bundle / "config.json").read_text(encoding="utf-8"))
        asked = self.asked
        environment = {**self.image.env, **asked.get("environment", {}), "BELLWETHER_WEB__PORT": str(self.port)}
        uid, gid = (int(number) for number in self.image.user.split(":"))
        told["process"] |= {
            "terminal": False,
            "user": {"uid": uid, "gid": gid},
            "args": list(words),
            "env": [f"{name}={value}" for name, value in environment.items()],
            "cwd": self.image.workdir,
            "capabilities": {},
            "noNewPrivileges": "no-new-privileges:true" in asked["security_opt"],
        }
        told["root"] = {"path": str(self.root), "readonly": asked["read_only"]}
        told["hostname"] = "bellwether"
        for mounted in asked["tmpfs"]:
            place, _, options = mounted.partition(":")
            options = ["noexec", "nosuid", "nodev", *options.split(",")]
            told["mounts"].append({"destination": place, "type": "tmpfs", "source": "tmpfs", "options": options})
        (volume,) = self.image.volumes
        bound = {"destination": volume, "type": "bind", "source": str(self.volume), "options": ["rbind", "rw"]}
        told["mounts"].append(bound)
        told["linux"]["resources"] |= {"memory": {"limit": self.memory_limit}, "pids": {"limit": asked["pids_limit"]}}
        if asked.get("network_mode") != "none":
            told["linux"]["namespaces"] = [space for space in told["linux"]["namespaces"] if space["type"] != "network"]
        return told


def missing(programs: Sequence[str]) -> str:
    """Why a container cannot be run here; empty where it can."""
    if os.name != "posix" or os.geteuid() != 0:
        return "it needs root"
    absent = [program for program in programs if shutil.which(program) is None]
    return f"it needs {', '.join(absent)}" if absent else ""
