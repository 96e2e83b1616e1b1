"""`python -m oort.cli`: the command `oort`, for debuggers, since they start modules."""

from oort.cli import main

main()
