"""The ports of the engine, each an adapter on a `Store`."""
