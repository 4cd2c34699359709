"""The wire protocol of mobsync (docs/wire.md), for handlers in Python. Standard library only."""

import json
import sys
import threading


class Manager:
    """The callback interface of the manager. Its methods may be called from any thread; each waits for the reply."""

    def __init__(self, out):
        self._out = out
        self._lock = threading.Condition()
        self._last = 0
        self._open = {}
        self._is_there = False

    def send(self, message):
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        with self._lock:
            self._out.write(line)
            self._out.flush()

    def call(self, method, **params):
        """Makes a callback on the current thread and returns the result that the manager gives, e.g. "S_OK". Once the manager
        has taken its interface back, nothing is sent any more, and the result is "E_UNEXPECTED"."""
        thread = threading.current_thread()
        params["thread"] = "apartment" if thread is threading.main_thread() else thread.name
        waiting = {"come": threading.Event()}
        with self._lock:
            if not self._is_there:
                return "E_UNEXPECTED"
            self._last += 1
            ident = f"c{self._last}"
            self._open[ident] = waiting
        self.send({"id": ident, "method": method, "params": params})
        waiting["come"].wait()
        if "error" in waiting:
            raise RuntimeError(f"{method}: {waiting['error']['message']}")
        return waiting["result"]["hr"]

    def interface(self, is_there):
        """The manager gives its interface, or takes it back: then this returns when no callback is under way any more.

        It does not wait without end: a manager may let a callback wait until this has returned.
        """
        with self._lock:
            self._is_there = is_there
            if not is_there:
                self._lock.wait_for(lambda: not self._open, timeout=0.3)

    def answered(self, message):
        with self._lock:
            waiting = self._open.pop(message["id"], None)
            self._lock.notify_all()
        if waiting is None:
            print("mobsync:", message, file=sys.stderr)
            return
        waiting.update(message)
        waiting["come"].set()

    def closed(self):
        """Nobody answers any more."""
        with self._lock:
            left, self._open = self._open, {}
            self._is_there = False
            self._lock.notify_all()
        for waiting in left.values():
            waiting["error"] = {"message": "the manager is gone"}
            waiting["come"].set()


def serve(make_handler):
    """Serves one instance until the manager releases it. `make_handler(manager)` makes an object whose methods are named as
    those of the protocol, take the parameters by name, and return a result, or a result and a dict of what comes out."""
    out = sys.stdout.buffer
    # Text printed by mistake must not get between the messages.
    sys.stdout = sys.stderr
    manager = Manager(out)
    handler = make_handler(manager)
    calls, have = [], threading.Condition()

    def read():
        for line in sys.stdin.buffer:
            message = json.loads(line)
            if "method" in message:
                with have:
                    calls.append(message)
                    have.notify()
            else:
                manager.answered(message)
        manager.closed()
        with have:
            calls.append(None)
            have.notify()

    # Replies are read while the main thread is inside a call, because a call may make callbacks.
    threading.Thread(target=read, name="reader", daemon=True).start()
    while True:
        with have:
            while not calls:
                have.wait()
            message = calls.pop(0)
        if message is None:
            return
        method = getattr(handler, message["method"], None)
        if method is None:
            error = {"code": -32601, "message": f"there is no {message['method']} here"}
            manager.send({"id": message["id"], "error": error})
            continue
        if message["method"] == "SetProgressCallback":
            manager.interface(message["params"].get("callback") is not None)
        answer = method(**message["params"])
        hr, args = answer if isinstance(answer, tuple) else (answer, None)
        result = {"hr": hr} if args is None else {"hr": hr, "args": args}
        manager.send({"id": message["id"], "result": result})
