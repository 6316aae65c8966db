"""The WSGI application, for `manage.py serve` and for any other WSGI server."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kb.settings")

application = get_wsgi_application()
# What is loaded by now stays: looking through all of it again and again for garbage made single requests slow.
gc.freeze()
