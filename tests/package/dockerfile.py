"""A Dockerfile, read: its stages, their steps, and what an image made of them would be run with.

Knows what ours uses: no here-documents, no heredoc mounts, no ONBUILD.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Step:
    """One instruction: COPY and what stands behind it."""

    name: str
    text: str


@dataclass(frozen=True)
class Stage:
    """The steps from one FROM to the next."""

    base: str
    name: str
    steps: tuple[Step, ...]


@dataclass
class ImageConfig:
    """What an image says of how it is to be run."""

    env: dict[str, str] = field(
        default_factory=lambda: {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    )
    labels: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    volumes: list[str] = field(default_factory=list)
    ports: list[str] = field(default_factory=list)
    stop_signal: str = "SIGTERM"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)

    def take(self, step: Step, arguments: Mapping[str, str]) -> None:
        """What an instruction says of it, if anything."""
        match step.name:
            case "ENV":
                self.env |= pairs(step.text, {**arguments, **self.env})
            case "LABEL":
                self.labels |= pairs(step.text, {**arguments, **self.env})
            case "WORKDIR":
                self.workdir = str(PurePosixPath(self.workdir) / step.text)
            case "USER":
                self.user = step.text
            case "VOLUME":
                self.volumes.append(step.text)
            case "EXPOSE":
                self.ports.append(step.text)
            case "STOPSIGNAL":
                self.stop_signal = step.text
            case "ENTRYPOINT":
                self.entrypoint = json.loads(step.text)
            case "CMD":
                self.command = json.loads(step.text)
            case "HEALTHCHECK":
                self.health = json.loads(step.text.partition("CMD ")[2])


def read(file: Path) -> tuple[dict[str, str], list[Stage]]:
    """The arguments before the first FROM, and the stages."""
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for step in _steps(file.read_text(encoding="utf-8")):
        if step.name == "FROM":
            base, _, name = step.text.partition(" AS ")
            stages.append(Stage(expanded(base, arguments), name, ()))
        elif not stages:
            arguments |= pairs(step.text, arguments)
        else:
            last = stages[-1]
            stages[-1] = Stage(last.base, last.name, (*last.steps, step))
    return arguments, stages


def config_of(stage: Stage) -> ImageConfig:
    """What the image that ends with this stage is run with."""
    config, arguments = ImageConfig(), dict[str, str]()
    for step in stage.steps:
        if step.name == "ARG":
            arguments |= pairs(step.text, arguments)
        config.take(step, arguments)
    return config


def _steps(text: str) -> Iterator[Step]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for whole in re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines():
        name, _, rest = whole.partition(" ")
        yield Step(name, rest.strip())


def pairs(text: str, known: Mapping[str, str]) -> dict[str, str]:
    """ "A=1 B=$A", as ENV, ARG and LABEL have it."""
    split = (word.partition("=") for word in shlex.split(text))
    return {name: expanded(value, known) for name, _, value in split}


def expanded(text: str, known: Mapping[str, str]) -> str:
    """With the values of variables in the places of their names."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda name: known.get(str(name[1] or name[2]), ""), text)


def context(root: Path, ignored: Sequence[str]) -> list[Path]:
    """The files that a build is given: all but what .dockerignore's lines leave out, the last that fits deciding."""
    rules = [(line.lstrip("!"), line.startswith("!")) for line in ignored if line.strip() and not line.startswith("#")]
    compiled = [(_pattern(text), wanted) for text, wanted in rules]

    def wanted(path: PurePosixPath) -> bool:
        verdict = True
        for pattern, keeps in compiled:
            if any(pattern.fullmatch(str(part)) for part in (path, *path.parents)):
                verdict = keeps
        return verdict

    return sorted(
        path
        for top in root.iterdir()
        if wanted(PurePosixPath(top.name))
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file() and wanted(PurePosixPath(path.relative_to(root).as_posix()))
    )


def _pattern(text: str) -> re.Pattern[str]:
    signs = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^]]*\])", text.strip().strip("/"))
    return re.compile("".join(signs.get(part, part if part.startswith("[") else re.escape(part)) for part in parts))
