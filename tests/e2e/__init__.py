"""The reference platform and a small one of every kind, deployed to an emulator of AWS and used through its API. Run by `make e2e`."""
