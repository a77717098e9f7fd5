"""Dialled sessions: the engine, its pages, its memory and the gateway's dialect."""
