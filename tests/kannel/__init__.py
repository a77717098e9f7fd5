"""Komek with a real Kannel and an SMSC that does what it is told."""
