"""Which Komek this is, and on what it stands."""

import platform
from importlib.metadata import PackageNotFoundError, version

KOMEK = "0.1.0"
"""As in pyproject.toml, which is not there in a container."""
PACKAGES = (
    "fastapi",
    "starlette",
    "uvicorn",
    "python-multipart",
    "redis",
    "pydantic",
    "cryptography",
    "africastalking",
    "phonenumbers",
    "jinja2",
    "itsdangerous",
    "pyyaml",
)
"""Those whose version matters when something is wrong, or unsafe."""


def versions() -> dict[str, str]:
    """By name; empty for what is not installed."""
    return {
        "Komek": KOMEK,
        "Python": platform.python_version(),
        **{each: _installed(each) for each in PACKAGES},
    }


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
