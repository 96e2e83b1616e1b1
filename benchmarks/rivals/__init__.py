"""Programs of the rivals. They run in .tools/bench and never import Oort, nor Oort them."""
