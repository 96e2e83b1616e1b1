"""Pure judgements. The engine enforces with them and synthesis generates from them, so laptop and cloud cannot drift."""
