"""Templates as text."""

from oort.cloudformation import rendering, templates
from tests.unit.cloudformation.one_service import STAGE
from tests.unit.programs import sign_up


def test_a_template_ends_with_a_line_and_is_written_the_same_each_time() -> None:
    template = templates.platform_template(sign_up(), STAGE)
    data = rendering.rendered(template)
    assert data.endswith(b"}\n")
    assert data == rendering.rendered(templates.platform_template(sign_up(), STAGE))
