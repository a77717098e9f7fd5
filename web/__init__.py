"""The pages that people look at: the phone, and what the operator sees and edits."""
