"""Messages: their bodies, envelopes and limits, and when they are delivered."""
