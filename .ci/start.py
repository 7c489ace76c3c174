"""Set ecomon up in a virtual environment of its own, then do one thing.

    python3 .ci/start.py demo [FOLDER]   the main job: the example basin through every flow
    python3 .ci/start.py test            every check: lint, types, import contracts, tests
    python3 .ci/start.py pytest [ARGS]   only pytest
    python3 .ci/start.py setup           only the set-up

Needs nothing but Python 3.11 or newer. The environment is ``.venv`` beside the README (another
place: ``ECOMON_VENV``); the versions are those of ``uv.lock``, through ``.ci/constraints.txt``.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
VENV = Path(os.environ.get("ECOMON_VENV", ROOT / ".venv")).expanduser().resolve()
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")


def run(*command, **options):
    """Run a command in the repository; end with its exit code where it fails."""
    done = subprocess.run([str(part) for part in command], cwd=ROOT, check=False, **options)
    if done.returncode:
        sys.exit(done.returncode)


def wanted(extra):
    """What the environment was made from, so that it is made again when that changes."""
    parts = [sys.version, extra, str(ROOT)]
    parts += [
        (ROOT / name).read_text("utf-8") for name in ("pyproject.toml", ".ci/constraints.txt")
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def set_up(extra):
    """Make the environment and install ecomon into it, unless that was done already."""
    stamp = VENV / f"ecomon-{extra or 'plain'}.stamp"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted(extra):
        return
    if VENV.exists() and any(VENV.iterdir()) and not (VENV / "pyvenv.cfg").exists():
        sys.exit(f"{VENV} holds something else; set ECOMON_VENV to another place")
    print(f"setting up {VENV} (about a minute, once) ...", flush=True)
    if not PYTHON.exists():
        venv.create(VENV, with_pip=False)
    target = f".[{extra}]" if extra else "."
    quiet = [] if os.environ.get("ECOMON_VERBOSE") else ["-q"]
    options = [*quiet, "--disable-pip-version-check", "-c", ".ci/constraints.txt"]
    run(*pip_for_environment(), "install", *options, "-e", target)
    stamp.write_text(wanted(extra))


def pip_for_environment():
    """The pip command that installs into the environment.

    Its own pip, made by ensurepip; on a Python without ensurepip (Debian splits it off) the
    system's pip from outside, which installs nothing into the system.
    """
    inside = [PYTHON, "-m", "pip"]
    outside = [sys.executable, "-m", "pip", "--python", PYTHON]
    for attempt in (None, [PYTHON, "-m", "ensurepip", "--default-pip"]):
        if attempt:
            succeeds(attempt)
        if succeeds([*inside, "--version"]):
            return inside
    if succeeds([*outside, "--version"]):
        return outside
    sys.exit("neither ensurepip nor pip is here; on Debian: apt-get install python3-venv")


def succeeds(command):
    """True where a command runs and ends well."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return done.returncode == 0


def install_programs():
    """What the tests need besides Python, where this machine lets us install it.

    chromium shows the pages; the distribution's PostgreSQL has the extension that a Prefect server
    on PostgreSQL needs (the wheel in the ``dev`` extra has not); MariaDB is read as a bureau's own.
    """
    wanted = {
        "chromium": has_program("chromium", "google-chrome"),
        "postgresql": any(Path("/usr/lib/postgresql").glob("*/bin/initdb")),
        "mariadb-server": has_program("mariadbd") or Path("/usr/sbin/mariadbd").exists(),
    }
    missing = [name for name, is_here in wanted.items() if not is_here]
    if missing and os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {
            "stdout": subprocess.DEVNULL,
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        }
        print(f"installing {', '.join(missing)} for the tests ...", flush=True)
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        for name in missing:
            command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", name]
            subprocess.run(command, check=False, **quiet)
    elif missing:
        print(f"not here: {', '.join(missing)}; the tests that need it will say so", flush=True)


def has_program(*names):
    """True where one of these is on the PATH."""
    return any(shutil.which(name) for name in names)


def test(arguments):
    """Every check, in the order in which a fault shows soonest."""
    set_up("dev")
    install_programs()
    run(PYTHON, "-m", "ruff", "check", ".")
    run(PYTHON, "-m", "ruff", "format", "--check", ".")
    run(
        PYTHON,
        "-c",
        "from importlinter.cli import lint_imports_command as main; main()",
        "--no-cache",
    )
    types = subprocess.Popen([str(PYTHON), "-m", "basedpyright"], cwd=ROOT)
    # Whole files go to several processes, because many a test waits for a server or a child to
    # start; the files that take longest come first, so that none is left over at the end.
    spread = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]
    rooms = ["flows", "databases", "store", "web", "unit", "golden", "reference", "scenarios"]
    run(PYTHON, "-m", "pytest", *spread, *(f"tests/{room}" for room in rooms), *arguments)
    if types.wait():
        sys.exit(types.returncode)


def pytest(arguments):
    """Only pytest, with these arguments."""
    set_up("dev")
    run(PYTHON, "-m", "pytest", *arguments)


def demo(arguments):
    """The main job; a folder is meant from where the caller stands."""
    set_up("")
    folders = [Path(one).resolve() for one in arguments] or [ROOT / "demo"]
    run(PYTHON, "-m", "ecomon", "demo", *folders)


def main():
    if sys.version_info < (3, 11):
        sys.exit(f"ecomon needs Python 3.11 or newer; this is {sys.version.split()[0]}")
    jobs = {"demo": demo, "test": test, "pytest": pytest, "setup": lambda _: set_up("dev")}
    if len(sys.argv) < 2 or sys.argv[1] not in jobs:
        sys.exit(__doc__)
    jobs[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    main()
