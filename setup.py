"""Package discovery for the five rooms; everything else stands in pyproject.toml.

setuptools cannot *find* packages through a ``package-dir`` mapping, only use a
list. The list is made here, so that a new detector folder needs no edit.
"""

from setuptools import find_packages, setup

ROOMS = {
    "avaudit": "avaudit",
    "avaudit.detectors": "detectors",
    "avaudit.probes": "probes",
    "avaudit.reports": "reports",
    "avaudit.dashboard": "dashboard",
}

setup(
    packages=[
        package
        for name, folder in ROOMS.items()
        for package in [name, *(f"{name}.{found}" for found in find_packages(folder))]
    ]
)
