#!/usr/bin/env python3
"""A handler that copies new and changed files from each folder LEFT to its folder RIGHT.

    mobsync run --exec 'python3 examples/python/folders.py LEFT=RIGHT ...'

Each pair of folders is an item with a worker thread of its own. A file that cannot be copied is logged; when the user looks
at the error, the handler asks for that item to be tried again.
"""

import filecmp
import os
import shutil
import sys
import threading
import uuid

from mobsync_wire import serve

SPACE = uuid.UUID("5f0c2a34-7c55-4c8e-9d3e-6d6f6273796e")
NOBODY = "{00000000-0000-0000-0000-000000000000}"
# E_UNEXPECTED: the manager has taken the callback back, and nobody waits for the work.
STOP = ("S_SYNCMGR_CANCELITEM", "S_SYNCMGR_CANCELALL", "E_UNEXPECTED")


def guid(*parts):
    return "{" + str(uuid.uuid5(SPACE, "\0".join(parts))).upper() + "}"


class Pair:
    """An item: two folders, LEFT=RIGHT."""

    def __init__(self, text):
        self.left, _, self.right = text.partition("=")
        self.name = os.path.basename(os.path.abspath(self.left))
        self.id = guid(os.path.abspath(self.left), os.path.abspath(self.right))

    def work(self):
        """The files to copy, relative to LEFT. Raises OSError if a folder cannot be read."""

        def fail(error):
            raise error

        files = []
        for folder, _, names in os.walk(self.left, onerror=fail):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.left)
                source, target = os.path.join(self.left, path), os.path.join(self.right, path)
                if not os.path.exists(target) or not filecmp.cmp(source, target, shallow=False):
                    files.append(path)
        return sorted(files)

    def copy(self, path):
        """Copies a file to a temporary name first, so that the target is always the old or the new file, never half of it."""
        target = os.path.join(self.right, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        part = target + ".part"
        try:
            shutil.copy2(os.path.join(self.left, path), part)
            os.replace(part, target)
        finally:
            if os.path.exists(part):
                os.remove(part)


class Folders:
    """One instance: one session."""

    def __init__(self, manager, pairs):
        self.manager = manager
        self.pairs = pairs
        self.chosen = []
        self.walks = {}
        self.lock = threading.Lock()
        self.skipped = set()
        self.cancelled = False
        self.working = 0
        self.failed = False
        # The item of each logged error.
        self.errors = {}
        self.retries = set()

    # ISyncMgrSynchronize

    def Initialize(self, flags, reserved=0, cookie=None):
        return "S_OK"

    def GetHandlerInfo(self):
        return "S_OK", {"info": {"name": "Folders"}}

    def EnumSyncMgrItems(self):
        return self.new_walk(0)

    def GetItemObject(self, item, iid):
        return "E_NOTIMPL"

    def ShowProperties(self, item, hwnd=0):
        return "E_NOTIMPL"

    def SetProgressCallback(self, callback):
        return "S_OK"

    def PrepareForSync(self, items, hwnd=0, reserved=0):
        self.chosen = [pair for pair in self.pairs if pair.id in items]
        self.manager.call("PrepareForSyncCompleted", hr="S_OK")
        return "S_OK"

    def Synchronize(self, hwnd=0):
        again = [pair for pair in self.chosen if pair.id in self.retries]
        chosen = again or self.chosen
        self.retries = set()
        with self.lock:
            self.working = len(chosen)
            self.cancelled = self.failed = False
            self.skipped = {item for item in self.skipped if not again}
        for pair in chosen:
            # A daemon thread: it does not keep the process alive when the manager is gone.
            threading.Thread(target=self.synchronize, args=(pair,), name=pair.name, daemon=True).start()
        if not chosen:
            self.manager.call("SynchronizeCompleted", hr="S_OK")
        return "S_OK"

    def SetItemStatus(self, item, status):
        with self.lock:
            self.skipped.add(item)
        return "S_OK"

    def ShowError(self, error, hwnd=0):
        with self.lock:
            item = self.errors.get(error)
        if item is None:
            return "E_INVALIDARG"
        self.retries.add(item)
        self.manager.call("ShowErrorCompleted", hr="S_SYNCMGR_RETRYSYNC", items=[item])
        return "S_OK"

    def Release(self):
        return "S_OK", {"refs": 0}

    # ISyncMgrEnumItems

    def new_walk(self, at):
        number = len(self.walks) + 1
        self.walks[number] = at
        return "S_OK", {"enumerator": number}

    def Next(self, enumerator, celt, no_count=False):
        at = self.walks[enumerator]
        given = self.pairs[at : at + celt]
        self.walks[enumerator] = at + len(given)
        hr = "S_OK" if len(given) == celt else "S_FALSE"
        items = [{"id": pair.id, "name": pair.name} for pair in given]
        return hr, {"fetched": len(items), "items": items}

    def Skip(self, enumerator, celt):
        at = self.walks[enumerator]
        self.walks[enumerator] = min(at + celt, len(self.pairs))
        return "S_OK" if at + celt <= len(self.pairs) else "S_FALSE"

    def Reset(self, enumerator):
        self.walks[enumerator] = 0
        return "S_OK"

    def Clone(self, enumerator):
        return self.new_walk(self.walks[enumerator])

    # The work

    def progress(self, pair, status, value, most, **more):
        """Reports progress. Returns False if the item must stop."""
        info = {"status": status, "value": value, "max": most, **more}
        with self.lock:
            self.failed = self.failed or status == "FAILED"
        hr = self.manager.call("Progress", item=pair.id, info=info)
        with self.lock:
            self.cancelled = self.cancelled or hr == "S_SYNCMGR_CANCELALL"
        return hr not in STOP

    def is_stopped(self, pair):
        with self.lock:
            return self.cancelled or pair.id in self.skipped

    def synchronize(self, pair):
        """The worker thread of an item."""
        self.manager_errors_are_over(pair)
        # Before the item is begun: the user may have cancelled it by now.
        if not self.progress(pair, "PENDING", 0, 0):
            self.progress(pair, "SKIPPED", 0, 0)
            return self.finish()
        try:
            files = pair.work()
        except OSError as error:
            self.log(pair, "", error)
            self.progress(pair, "FAILED", 0, 0)
            return self.finish()
        failed = 0
        for done, path in enumerate(files):
            if self.is_stopped(pair) or not self.progress(pair, "UPDATING", done, len(files), text=path):
                self.progress(pair, "SKIPPED", done, len(files))
                return self.finish()
            try:
                pair.copy(path)
            except OSError as error:
                failed += 1
                self.log(pair, path, error)
        status = "FAILED" if failed else "SUCCEEDED"
        self.progress(pair, status, len(files), len(files))
        return self.finish()

    def manager_errors_are_over(self, pair):
        """Deletes the errors of an earlier round; errors that persist are logged again."""
        with self.lock:
            over = [error for error, item in self.errors.items() if item == pair.id]
            for error in over:
                del self.errors[error]
        for error in over:
            self.manager.call("DeleteLogError", error=error)

    def log(self, pair, path, error):
        ident = guid(pair.id, path)
        with self.lock:
            self.errors[ident] = pair.id
        info = {"error": ident, "item": pair.id, "flags": "ENABLEJUMPTEXT"}
        self.manager.call("LogError", level="ERROR", text=str(error), info=info)

    def finish(self):
        """The last worker completes the round, when there is nothing left to report for any item."""
        with self.lock:
            self.working -= 1
            last = self.working == 0
            hr = "E_FAIL" if self.failed else "S_OK"
        if last:
            self.manager.call("SynchronizeCompleted", hr=hr)


if __name__ == "__main__":
    pairs = [Pair(word) for word in sys.argv[1:]]
    if not pairs or not all(pair.left and pair.right for pair in pairs):
        sys.exit("folders.py: expected pairs of folders, LEFT=RIGHT")
    serve(lambda manager: Folders(manager, pairs))
