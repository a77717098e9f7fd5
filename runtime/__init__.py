"""The ground: settings, connections, secrets, processes, files.

Nothing in it knows what Komek is for.
"""
