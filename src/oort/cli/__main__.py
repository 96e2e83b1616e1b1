"""`python -m oort.cli`: the command `oort` for debuggers, which start modules."""

from oort.cli import main

main()
