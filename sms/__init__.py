"""Text messages: what comes in, what it is answered, and what is sent."""
