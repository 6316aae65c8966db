"""x."""
def security_headers(g): return g
def preferences(g): return g
