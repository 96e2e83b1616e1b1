"""The contract of secrets: values are read as they were set, and no error shows a value."""

import pytest

from oort.model.errors import InvalidValue, LimitExceeded, Source
from oort.model.platform import PlatformModel, ServiceModel
from oort.model.resources import SecretModel
from oort.model.secrets import BYTES, SecretMissing
from oort.ports.bundle import Ports
from oort.testing.port_suites.target import Target

KEY = "suite.stripe-key"
OTHER = "suite.stripe-key-old"
_HERE = Source(__file__, 1)
_SERVICE = ServiceModel(
    name="suite",
    resources=(SecretModel(KEY, "suite", "str", _HERE), SecretModel(OTHER, "suite", "str", _HERE)),
)
PLATFORM = PlatformModel("suite", (_SERVICE,))


@pytest.mark.contract
class SecretsContract:
    """Values and their absence."""

    @pytest.fixture
    def ports(self, target: Target) -> Ports:
        """The ports of a platform with two secrets, neither of which has a value."""
        return target.deploy(PLATFORM)

    def test_what_is_set_is_read(self, ports: Ports) -> None:
        ports.secrets.write(KEY, "sk_æ\n\t ")
        assert ports.secrets.read(KEY) == "sk_æ\n\t "
        assert ports.secrets.read(KEY) == "sk_æ\n\t "

    def test_a_secret_without_a_value_names_itself_and_its_command(self, ports: Ports) -> None:
        with pytest.raises(SecretMissing) as raised:
            ports.secrets.read(KEY)
        assert f"The secret {KEY} of the service suite has no value." in str(raised.value)
        assert f"oort secrets set {KEY}" in str(raised.value)

    def test_a_value_belongs_to_one_secret(self, ports: Ports) -> None:
        ports.secrets.write(OTHER, "old")
        with pytest.raises(SecretMissing):
            ports.secrets.read(KEY)
        assert ports.secrets.read(OTHER) == "old"

    def test_a_new_value_replaces_the_old_one(self, ports: Ports) -> None:
        ports.secrets.write(KEY, "first")
        assert ports.secrets.read(KEY) == "first"
        ports.secrets.write(KEY, "second")
        assert ports.secrets.read(KEY) == "second"

    def test_a_secret_that_is_not_declared_is_a_key_error(self, ports: Ports) -> None:
        with pytest.raises(KeyError):
            ports.secrets.read("suite.unknown")
        with pytest.raises(KeyError):
            ports.secrets.write("suite.unknown", "value")

    def test_a_value_may_have_64_kib_and_no_more(self, ports: Ports) -> None:
        ports.secrets.write(KEY, "x" * BYTES)
        assert ports.secrets.read(KEY) == "x" * BYTES
        with pytest.raises(LimitExceeded) as raised:
            ports.secrets.write(KEY, "y" * (BYTES + 1))
        assert "yyyy" not in str(raised.value)

    def test_a_value_is_text_and_not_empty(self, ports: Ports) -> None:
        with pytest.raises(InvalidValue):
            ports.secrets.write(KEY, "")
        with pytest.raises(InvalidValue) as raised:
            ports.secrets.write(KEY, "canary \ud800")
        assert "canary" not in str(raised.value)

    def test_states_say_what_was_set_when_and_show_no_value(self, ports: Ports) -> None:
        ports.secrets.write(KEY, "canary")
        key, other = ports.secrets.states()
        assert (key.name, other.name) == (KEY, OTHER)
        assert key.changed is not None
        assert key.changed.tzinfo is not None
        assert "canary" not in repr((key, other))

    def test_states_say_what_is_not_set(self, ports: Ports) -> None:
        ports.secrets.write(KEY, "canary")
        _, other = ports.secrets.states()
        assert other.changed is None

    def test_a_value_that_is_json_is_kept_to_the_letter(self, ports: Ports) -> None:
        value = '{ "b": 1.0,\n  "a": [1, 1e400] }'
        ports.secrets.write(KEY, value)
        assert ports.secrets.read(KEY) == value
