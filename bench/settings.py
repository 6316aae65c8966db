"""The product's settings, with a floor to measure against, and read by everybody: what is measured is nobody's page."""

from kb.settings import *  # noqa: F403

ROOT_URLCONF = "bench.urls"
READING = "open"
