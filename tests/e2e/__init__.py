"""The reference platform, deployed to an emulator of AWS and used through its API. Run by `make e2e`."""
