"""Tells of every step of the workflows, holds one at its beginning, and ends a function in the middle of one.

The emulator's own history of an execution leaves out what runs inside a Parallel state.
"""

import json
import os
import signal
import threading
import time

from ministack.core import lambda_runtime
from ministack.services import stepfunctions

# How long a step waits at its beginning at most, and how often it looks whether it is still held.
HELD_S, LOOK_S = 10, 0.005
# How long a step that is to die may take until its function has been handed it.
HANDED_OVER_S = 15


class Steps:
    """The file that gets one JSON line per event, and the files that say which steps are held, and which are to die."""

    def __init__(self, events, held, doomed):
        self.events, self.held, self.doomed = events, held, doomed
        self.writing = threading.Lock()
        self.killed = set()

    def tell(self, what, region, action, **more):
        line = {"what": what, "at_ms": time.time_ns() // 1_000_000, "region": region, "action": action, **more}
        with self.writing, open(self.events, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def wait_while_held(self, machine, action):
        """Waits for as long as the step is held, within a limit."""
        limit = time.monotonic() + HELD_S
        while {"machine": machine, "action": action} in asked(self.held, []) and time.monotonic() < limit:
            time.sleep(LOOK_S)

    def doom(self, region, action):
        """Milliseconds after which this step is to die; None when it is not, or has died of it already."""
        request = asked(self.doomed, {"number": 0, "region": None})
        after_ms = request["after_ms"].get(action) if request["region"] == region else None
        key = (request["number"], action)
        with self.writing:
            if after_ms is None or key in self.killed:
                return None
            self.killed.add(key)
        return after_ms


def asked(path, otherwise):
    """What a file asks for; it is replaced as a whole."""
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return otherwise


def watch_steps(steps):
    """Writes when each step of an execution begins and how it ends, its retries included."""
    execute = stepfunctions._execute_task

    def execute_told(state_def, raw_input, execution, ctx):
        payload = (state_def.get("Parameters") or {}).get("Payload") or {}
        action = payload.get("action") if isinstance(payload, dict) else None
        if action is None:
            return execute(state_def, raw_input, execution, ctx)
        parts = execution["stateMachineArn"].split(":")
        of = {"machine": parts[6], "execution": execution["name"]}
        steps.tell("begun", parts[3], action, **of)
        steps.wait_while_held(parts[6], action)
        try:
            output = execute(state_def, raw_input, execution, ctx)
        except stepfunctions._ExecutionError as error:
            steps.tell("failed", parts[3], action, error=error.error, **of)
            raise
        steps.tell("ended", parts[3], action, **of)
        return output

    stepfunctions._execute_task = execute_told


def kill_doomed_steps(steps):
    """Kills the function of a doomed step after its time, or with its answer when that comes first.

    Either way the function may have done its work, and nobody hears of it.
    """
    worker_class = lambda_runtime.ProvidedWorker
    invoke, record = worker_class.invoke, worker_class._record_result

    def end(worker, request_id, moment):
        with worker._state_lock:
            process = worker._proc
            doomed = getattr(worker, "_doomed", None)
            if process is None or doomed is None or doomed[0] != request_id:
                return False
            worker._doomed = None
        steps.tell("killed", doomed[1], doomed[2], moment=moment)
        os.kill(process.pid, signal.SIGKILL)
        return True

    def end_after(worker, request_id, after_ms):
        limit = time.monotonic() + HANDED_OVER_S
        while worker._current_request_id != request_id and time.monotonic() < limit:
            time.sleep(0.001)
        time.sleep(after_ms / 1000)
        end(worker, request_id, "after %d ms" % after_ms)

    def invoke_doomed(self, event, request_id, **named):
        action = event.get("action") if isinstance(event, dict) and "context" in event else None
        region = self.config.get("FunctionArn", ":::").split(":")[3]
        after_ms = steps.doom(region, action) if action else None
        if after_ms is not None:
            self._doomed = (request_id, region, action)
            threading.Thread(target=end_after, args=(self, request_id, after_ms), daemon=True).start()
        return invoke(self, event, request_id, **named)

    def record_unless_doomed(self, generation, request_id, kind, payload):
        if end(self, request_id, "with its answer"):
            return False
        return record(self, generation, request_id, kind, payload)

    worker_class.invoke, worker_class._record_result = invoke_doomed, record_unless_doomed


def register(events, held, doomed):
    """Begins to tell, to hold and to kill, by the files of these names."""
    steps = Steps(events, held, doomed)
    watch_steps(steps)
    kill_doomed_steps(steps)
