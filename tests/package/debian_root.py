"""The steps of the Dockerfile, carried out in Debian roots made by debootstrap, for machines without a Docker daemon.

Dockerfile | a Debian root for each FROM | its steps, RUN in a chroot, COPY by hand | the last root and its config

Where it differs: `python:X-slim-SUITE` is that Debian with Python built into /usr/local. Here it is the suite's own
python3, under the name that the steps call; pip comes with its venv.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.package import dockerfile
from tests.package.dockerfile import ImageConfig, Stage, Step

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("debootstrap", "unshare", "chroot")
_PACKAGES = "python3,python3-venv,ca-certificates"  #: to the smallest Debian, for what the slim image of Python brings
_AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"


def build(folder: Path) -> tuple[Path, ImageConfig]:
    """Make the image's root file system below `folder`; what it is run with. Raises RuntimeError."""
    arguments, stages = dockerfile.read(ROOT / "Dockerfile")
    (base,) = {stage.base for stage in stages}
    debian = _debian(folder / base.replace(":", "-"), suite=base.rpartition("-")[2])
    roots: dict[str, Path] = {}
    for number, stage in enumerate(stages):
        print(f"-- {stage.name or 'the image'}, from Debian for {base}", flush=True)
        root = folder / (stage.name or "image")
        shutil.rmtree(root, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", str(debian), str(root)], check=True)
        roots[stage.name or str(number)] = root
        _carry_out(stage, root, roots, arguments)
    return root, dockerfile.config_of(stages[-1])


def _debian(root: Path, suite: str) -> Path:
    """Debian as it is installed, with a Python; made once for a folder."""
    if not re.fullmatch("[a-z]+", suite):
        raise ValueError(f"The base's name ends with {suite!r}, which is no Debian.")
    if not (root / "usr/local/bin/python").is_symlink():
        shutil.rmtree(root, ignore_errors=True)
        command = ["debootstrap", "--variant=minbase", f"--include={_PACKAGES}", suite, str(root)]
        made = subprocess.run(command, capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError(f"debootstrap failed: {made.stdout[-2000:]}{made.stderr[-2000:]}")
        shutil.rmtree(root / "var/cache/apt/archives")
        shutil.rmtree(root / "var/lib/apt/lists")
        (root / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    return root


def _carry_out(stage: Stage, root: Path, roots: Mapping[str, Path], arguments: Mapping[str, str]) -> None:
    config, known = ImageConfig(), dict[str, str]()
    for step in stage.steps:
        print(f"   {step.name} {step.text[:110]}", flush=True)
        config.take(step, known)
        if step.name == "ARG":
            known |= dockerfile.pairs(step.text, arguments)
        elif step.name == "WORKDIR":
            (root / config.workdir.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif step.name == "COPY":
            _copy(step, root, roots, config.workdir)
        elif step.name == "RUN":
            _run(step.text, root, config)


def _copy(step: Step, root: Path, roots: Mapping[str, Path], workdir: str) -> None:
    """COPY of a stage's folder, or of files of the build's context."""
    words = step.text.split()
    if words[0].startswith("--from="):
        source, target = (Path(word.lstrip("/")) for word in words[1:])
        shutil.copytree(roots[words[0].partition("=")[2]] / source, root / target, symlinks=True, dirs_exist_ok=True)
        return
    *names, _ = words
    below = root / workdir.lstrip("/")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for file in dockerfile.context(ROOT, ignored):
        name = file.relative_to(ROOT)
        if names == ["."] or str(name) in names:
            (below / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, below / name)


def _run(command: str, root: Path, config: ImageConfig) -> None:
    """RUN: in the root, as root, with a /proc of its own, and the names and authorities of this machine."""
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    environment = {**config.env, "HOME": "/root"}
    authorities_file = root / _AUTHORITIES
    before = authorities_file.read_bytes()
    if ours := os.environ.get("SSL_CERT_FILE"):
        authorities_file.write_bytes(Path(ours).read_bytes())
        environment["SSL_CERT_FILE"] = f"/{_AUTHORITIES}"
    try:
        into = ["unshare", "--mount", "--pid", "--fork", f"--mount-proc={root}/proc", "chroot", str(root)]
        shell = ["/bin/sh", "-c", f"cd {config.workdir} && {command}"]
        began = time.monotonic()
        done = subprocess.run(
            [*into, *shell], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if done.returncode:
            raise RuntimeError(f"This step ended with {done.returncode}: {command}\n{done.stdout[-4000:]}")
        print(f"      {time.monotonic() - began:.0f} s", flush=True)
    finally:
        authorities_file.write_bytes(before)
        (root / "etc/resolv.conf").unlink()
