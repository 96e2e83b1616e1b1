"""Sets of characters."""

from oort.rules.patterns import characters


def test_sets_are_joined_and_turned_around() -> None:
    joined = characters.union([((5, 9),), ((1, 2),), ((3, 4), (20, 30)), ((25, 26),)])
    assert joined == ((1, 9), (20, 30))
    assert characters.complement(characters.complement(joined)) == joined
    assert characters.complement(characters.EVERY) == ()
    assert characters.complement(()) == characters.EVERY


def test_a_representative_stands_for_each_way_of_belonging() -> None:
    signs = characters.representatives([characters.WORD, characters.DIGITS, characters.of("é")])
    assert signs[:2] == ["a", "0"]
    assert sorted(signs[2:]) == ["-", "é"]
    # half a character is no character
    assert characters.representatives([((0xD800, 0xDFFF),)]) == ["a"]
