"""The same texts and queries with the library `modelsearch`, in a database of its own: an application for it."""
