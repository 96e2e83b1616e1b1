"""What services tell each other. The only modules that more than one service imports."""
