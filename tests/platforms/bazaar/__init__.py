"""A small platform with one of every kind: its templates are golden, and it is deployed to an emulator of AWS."""
