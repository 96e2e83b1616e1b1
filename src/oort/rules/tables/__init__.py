"""Items of tables: keys, conditions, expressions, cursors and sizes."""
