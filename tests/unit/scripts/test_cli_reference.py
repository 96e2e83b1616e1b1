"""The reference of the command line is compared with the commands, and the comparison can fail."""

from scripts import cli_reference

PAGE = (cli_reference.ROOT / cli_reference.PAGE).read_text(encoding="utf-8")


def test_the_reference_is_in_step() -> None:
    assert cli_reference.faults(PAGE) == []
    assert cli_reference.renewed(PAGE) == PAGE


def test_an_old_help_is_found_and_renewed() -> None:
    old = PAGE.replace("Run the whole platform on this machine.", "Run.")
    assert cli_reference.faults(old) == [
        "docs/reference/cli.md shows an old help of `oort `: run scripts/cli_reference.py --write"
    ]
    assert cli_reference.renewed(old) == PAGE


def test_a_command_that_is_missing_or_gone_is_found() -> None:
    renamed = PAGE.replace("$ oort check --help", "$ oort prove --help")
    assert cli_reference.faults(renamed) == [
        "docs/reference/cli.md lacks `oort check`",
        "docs/reference/cli.md shows `oort prove`, which does not exist",
    ]
