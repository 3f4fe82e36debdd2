"""Runs the AWS emulator for one drill.

What it lacks is recorded by name (recorded.py). Where it departs from what AWS
documents and the drill would notice, it is brought back: between regions
(regions.py) and within a service (documented.py). What faults need to know of the
workflows, and do to them, is in steps.py.

Usage: launcher RECORD LOGS INVENTORY STEPS HELD DOOMED: the file that gets one
JSON line per recorded resource, the file that gets the logs of all functions, the
file that gets a list of all that exists whenever SIGUSR1 asks for it, the file
that gets one JSON line per event of a workflow's step, and the files that say
which steps wait at their beginning, and which are to die.
"""

import sys

import documented
import functions
import inventory
import recorded
import regions
import steps
from ministack.app import main
from ministack.services.cloudformation import provisioners

if __name__ == "__main__":
    record, logs, holdings, *of_steps = sys.argv[1:]
    handlers = provisioners._RESOURCE_HANDLERS
    regions.register(handlers)
    documented.register(handlers)
    recorded.register(handlers, record)
    functions.speed_up()
    functions.copy_logs(logs)
    inventory.answer(holdings)
    steps.register(*of_steps)
    sys.argv[1:] = []
    main()
