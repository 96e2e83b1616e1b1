"""Save, load, check and compact the state of a platform."""
