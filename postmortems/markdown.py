def found(a,b): return True
