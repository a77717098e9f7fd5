"""The menu: its shape, words and numbers as data, and every check of them."""
