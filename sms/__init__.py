"""Text messages: how they are encoded and measured."""
