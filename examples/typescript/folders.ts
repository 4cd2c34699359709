// A handler that copies new and changed files from each folder LEFT to its folder RIGHT.
//
//     mobsync run --exec 'node examples/typescript/folders.ts LEFT=RIGHT ...'
//
// Node 22.18, 23.6 or later runs it as it is. Each pair of folders is an item with a task of its own. A file that cannot be copied
// is logged; when the user looks at the error, the handler asks for that item to be tried again.

import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";

import { serve } from "./mobsync_wire.ts";
import type { Answer, Item, Manager, SyncHandler } from "./mobsync_wire.ts";

const SPACE = "6f0c2a347c554c8e9d3e6d6f6273796e";
// E_UNEXPECTED: the manager has taken the callback back, and nobody waits for the work.
const STOP = ["S_SYNCMGR_CANCELITEM", "S_SYNCMGR_CANCELALL", "E_UNEXPECTED"];

/** A GUID that is always the same for the same parts (UUID version 5). */
function guid(...parts: string[]): string {
  const hash = createHash("sha1").update(Buffer.from(SPACE, "hex")).update(parts.join("\0")).digest();
  hash[6] = (hash[6] & 0x0f) | 0x50;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const hex = hash.toString("hex", 0, 16).toUpperCase();
  return `{${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}}`;
}

/** An item: two folders, LEFT=RIGHT. */
class Pair {
  readonly left: string;
  readonly right: string;
  readonly name: string;
  readonly id: string;

  constructor(text: string) {
    const at = text.indexOf("=");
    [this.left, this.right] = at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
    this.name = basename(resolve(this.left));
    this.id = guid(resolve(this.left), resolve(this.right));
  }

  /** The files to copy, relative to LEFT. Throws if a folder cannot be read. */
  work(): string[] {
    const entries = readdirSync(this.left, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((file) => relative(this.left, join(file.parentPath, file.name)));
    return files.filter((path) => this.#isNew(path)).sort();
  }

  #isNew(path: string): boolean {
    try {
      return !readFileSync(join(this.left, path)).equals(readFileSync(join(this.right, path)));
    } catch {
      // What cannot be compared is copied, and an error there is about this file.
      return true;
    }
  }

  /** Copies a file to a temporary name first, so that the target is always the old or the new file, never half of it. */
  copy(path: string): void {
    const target = join(this.right, path);
    mkdirSync(dirname(target), { recursive: true });
    const part = `${target}.part`;
    try {
      copyFileSync(join(this.left, path), part);
      renameSync(part, target);
    } finally {
      rmSync(part, { force: true });
    }
  }
}

/** One instance: one session. */
class Folders implements SyncHandler {
  readonly #manager: Manager;
  readonly #pairs: Pair[];
  #chosen: Pair[] = [];
  #walks: number[] = [];
  #skipped = new Set<string>();
  #cancelled = false;
  #failed = false;
  #working = 0;
  /** The item of each logged error. */
  #errors = new Map<string, string>();
  #retries = new Set<string>();

  constructor(manager: Manager, pairs: Pair[]) {
    this.#manager = manager;
    this.#pairs = pairs;
  }

  // ISyncMgrSynchronize

  Initialize(): Answer {
    return "S_OK";
  }

  GetHandlerInfo(): Answer {
    return ["S_OK", { info: { name: "Folders" } }];
  }

  EnumSyncMgrItems(): Answer {
    return this.#newWalk(0);
  }

  GetItemObject(): Answer {
    return "E_NOTIMPL";
  }

  ShowProperties(): Answer {
    return "E_NOTIMPL";
  }

  SetProgressCallback(): Answer {
    return "S_OK";
  }

  async PrepareForSync({ items }: { items: string[] }): Promise<Answer> {
    this.#chosen = this.#pairs.filter((pair) => items.includes(pair.id));
    await this.#manager.call("apartment", "PrepareForSyncCompleted", { hr: "S_OK" });
    return "S_OK";
  }

  async Synchronize(): Promise<Answer> {
    const again = this.#chosen.filter((pair) => this.#retries.has(pair.id));
    const chosen = again.length > 0 ? again : this.#chosen;
    this.#retries.clear();
    this.#working = chosen.length;
    this.#cancelled = this.#failed = false;
    if (again.length > 0) this.#skipped.clear();
    // They begin when this call has been answered.
    for (const pair of chosen) setImmediate(() => void this.#synchronize(pair));
    if (chosen.length === 0) await this.#manager.call("apartment", "SynchronizeCompleted", { hr: "S_OK" });
    return "S_OK";
  }

  SetItemStatus({ item }: { item: string }): Answer {
    this.#skipped.add(item);
    return "S_OK";
  }

  async ShowError({ error }: { error: string }): Promise<Answer> {
    const item = this.#errors.get(error);
    if (item === undefined) return "E_INVALIDARG";
    this.#retries.add(item);
    await this.#manager.call("apartment", "ShowErrorCompleted", { hr: "S_SYNCMGR_RETRYSYNC", items: [item] });
    return "S_OK";
  }

  Release(): Answer {
    return ["S_OK", { refs: 0 }];
  }

  // ISyncMgrEnumItems

  #newWalk(at: number): Answer {
    return ["S_OK", { enumerator: this.#walks.push(at) }];
  }

  Next({ enumerator, celt }: { enumerator: number; celt: number }): Answer {
    const at = this.#walks[enumerator - 1];
    const given = this.#pairs.slice(at, at + celt);
    this.#walks[enumerator - 1] = at + given.length;
    const items: Item[] = given.map(({ id, name }) => ({ id, name }));
    return [given.length === celt ? "S_OK" : "S_FALSE", { fetched: items.length, items }];
  }

  Skip({ enumerator, celt }: { enumerator: number; celt: number }): Answer {
    const at = this.#walks[enumerator - 1] + celt;
    this.#walks[enumerator - 1] = Math.min(at, this.#pairs.length);
    return at <= this.#pairs.length ? "S_OK" : "S_FALSE";
  }

  Reset({ enumerator }: { enumerator: number }): Answer {
    this.#walks[enumerator - 1] = 0;
    return "S_OK";
  }

  Clone({ enumerator }: { enumerator: number }): Answer {
    return this.#newWalk(this.#walks[enumerator - 1]);
  }

  // The work

  /** Reports progress. False if the item must stop. */
  async #progress(pair: Pair, status: string, value: number, max: number, more: object = {}): Promise<boolean> {
    if (status === "FAILED") this.#failed = true;
    const hr = await this.#manager.call(pair.name, "Progress", { item: pair.id, info: { status, value, max, ...more } });
    if (hr === "S_SYNCMGR_CANCELALL") this.#cancelled = true;
    return !STOP.includes(hr);
  }

  /** The task of an item, which is a thread to the manager. */
  async #synchronize(pair: Pair): Promise<void> {
    await this.#deleteErrors(pair);
    // Before the item is begun: the user may have cancelled it by now.
    if (!(await this.#progress(pair, "PENDING", 0, 0))) {
      await this.#progress(pair, "SKIPPED", 0, 0);
      return this.#finish(pair);
    }
    let files: string[];
    try {
      files = pair.work();
    } catch (error) {
      await this.#log(pair, "", error);
      await this.#progress(pair, "FAILED", 0, 0);
      return this.#finish(pair);
    }
    let failed = false;
    for (const [done, path] of files.entries()) {
      const isStopped = this.#cancelled || this.#skipped.has(pair.id);
      if (isStopped || !(await this.#progress(pair, "UPDATING", done, files.length, { text: path }))) {
        await this.#progress(pair, "SKIPPED", done, files.length);
        return this.#finish(pair);
      }
      try {
        pair.copy(path);
      } catch (error) {
        failed = true;
        await this.#log(pair, path, error);
      }
    }
    await this.#progress(pair, failed ? "FAILED" : "SUCCEEDED", files.length, files.length);
    return this.#finish(pair);
  }

  /** Deletes the errors of an earlier round; errors that persist are logged again. */
  async #deleteErrors(pair: Pair): Promise<void> {
    for (const [error, item] of [...this.#errors]) {
      if (item !== pair.id) continue;
      this.#errors.delete(error);
      await this.#manager.call(pair.name, "DeleteLogError", { error });
    }
  }

  async #log(pair: Pair, path: string, error: unknown): Promise<void> {
    const id = guid(pair.id, path);
    this.#errors.set(id, pair.id);
    const text = error instanceof Error ? error.message : String(error);
    const info = { error: id, item: pair.id, flags: "ENABLEJUMPTEXT" };
    await this.#manager.call(pair.name, "LogError", { level: "ERROR", text, info });
  }

  /** The last task completes the round, when there is nothing left to report for any item. */
  async #finish(pair: Pair): Promise<void> {
    this.#working -= 1;
    if (this.#working > 0) return;
    await this.#manager.call(pair.name, "SynchronizeCompleted", { hr: this.#failed ? "E_FAIL" : "S_OK" });
  }
}

const pairs = process.argv.slice(2).map((word) => new Pair(word));
if (pairs.length === 0 || !pairs.every((pair) => pair.left && pair.right)) {
  console.error("folders.ts: expected pairs of folders, LEFT=RIGHT");
  process.exit(1);
}
serve((manager) => new Folders(manager, pairs));
