"""Data types that every other package uses: frozen, and without decisions or input and output."""
