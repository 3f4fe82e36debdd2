"""Runs the AWS emulator for one drill.

What it lacks is recorded by name (recorded.py). Where it departs from what AWS
documents and the drill would notice, it is brought back: between regions
(regions.py) and within a service (documented.py).

Usage: launcher RECORD LOGS INVENTORY: the file that gets one JSON line per
recorded resource, the file that gets the logs of all functions, and the file that
gets a list of all that exists whenever SIGUSR1 asks for it.
"""

import sys

import documented
import functions
import inventory
import recorded
import regions
from ministack.app import main
from ministack.services.cloudformation import provisioners

if __name__ == "__main__":
    record, logs, holdings = sys.argv[1:]
    handlers = provisioners._RESOURCE_HANDLERS
    regions.register(handlers)
    documented.register(handlers)
    recorded.register(handlers, record)
    functions.speed_up()
    functions.copy_logs(logs)
    inventory.answer(holdings)
    sys.argv[1:] = []
    main()
