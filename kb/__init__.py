"""The site: settings, addresses and what spans incidents, timelines and actionables."""

VERSION = "0.1.0"
