"""JSON Schemas of types: written, named, and in the words of other drafts."""
