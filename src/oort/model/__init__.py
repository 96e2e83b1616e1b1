"""The nouns: frozen data that every other package speaks in. Nothing here decides, reads or writes."""
