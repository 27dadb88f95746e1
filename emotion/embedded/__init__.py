"""The embedded engine's hearing: small networks that ship with the program and need no download."""
