"""The large platform has as many functions as it says."""

from pathlib import Path

from benchmarks import many_services


def test_the_large_platform_has_as_many_functions_as_it_says(tmp_path: Path) -> None:
    many_services.write(tmp_path / "app")
    services = sorted((tmp_path / "app").glob("s*.py"))
    assert len(services) == many_services.SERVICES
    decorators = ("get(", "post(", "on(", "worker(")
    for service in services:
        lines = service.read_text(encoding="utf-8").splitlines()
        found = [
            line
            for line in lines
            if line.startswith(tuple(f"@{service.stem}.{one}" for one in decorators))
        ]
        assert len(found) == many_services.FUNCTIONS


def test_another_number_of_services_may_be_asked_for(tmp_path: Path) -> None:
    many_services.write(tmp_path / "app", services=3)
    followed = {
        path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "app").glob("s*.py")
    }
    assert followed.keys() == {"s01", "s02", "s03"}
    assert "from contracts.s03 import Made2" in followed["s01"]
