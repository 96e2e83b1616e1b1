"""The engine keeps the contract of secrets."""

from oort.testing.port_suites import SecretsContract


class TestSecrets(SecretsContract):
    """See `oort.testing.port_suites`."""
