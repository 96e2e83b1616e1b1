"""The command `oort` with all subcommands. Heavy modules are imported by the function that needs
them."""

import click

from oort.cli.commands.api_keys import api_keys
from oort.cli.commands.check import check
from oort.cli.commands.completion import completion
from oort.cli.commands.contracts.group import contracts
from oort.cli.commands.deployment.deploy import deploy
from oort.cli.commands.deployment.destroy import destroy
from oort.cli.commands.deployment.synth import synth
from oort.cli.commands.deployment.versions import versions
from oort.cli.commands.dev import dev
from oort.cli.commands.events import events
from oort.cli.commands.graph import graph
from oort.cli.commands.invoke import invoke
from oort.cli.commands.keys import keys
from oort.cli.commands.new import new
from oort.cli.commands.permissions import permissions
from oort.cli.commands.queues import queues
from oort.cli.commands.routes import routes
from oort.cli.commands.secrets import secrets
from oort.cli.commands.serve import serve
from oort.cli.commands.state import state
from oort.cli.commands.tables import tables
from oort.cli.commands.token import token
from oort.cli.commands.traces import trace, traces
from oort.cli.groups import Sections

_EPILOG = """\b
Exit codes:
  0 yes, 1 no, 64 usage or unreadable input, 70 a defect of Oort

\b
Example:
  oort dev apps/cometbid
"""


oort = Sections(
    "oort",
    help="Typed Python services on one machine: run them, look into them, keep them.",
    epilog=_EPILOG,
    sections={
        "Develop": (new, dev, check, contracts, invoke, token),
        "Look": (routes, graph, permissions, traces, trace, queues, events),
        "Serve": (serve, versions),
        "Deploy": (synth, deploy, destroy),
        "Keep": (state, secrets, tables, keys, api_keys, completion),
    },
)
click.version_option(package_name="oortcloud", prog_name="oort", message="%(prog)s %(version)s")(
    oort
)
