"""The product's settings, with a floor to measure against."""

from kb.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
