// The wire protocol of mobsync (docs/wire.md), for handlers in TypeScript. Node only, no packages.

import { createInterface } from "node:readline";

/** What a method returns: a result, or a result and what comes out beside it. */
export type Answer = string | [hr: string, out: object];

/** An item, as `Next` gives it. */
export type Item = { id: string; name: string };

/** The methods of `ISyncMgrSynchronize` and of its enumerators. Each takes the parameters of docs/wire.md by name. */
export interface SyncHandler {
  Initialize(params: { flags: string; reserved?: number; cookie?: string }): Answer | Promise<Answer>;
  GetHandlerInfo(params: object): Answer | Promise<Answer>;
  EnumSyncMgrItems(params: object): Answer | Promise<Answer>;
  GetItemObject(params: { item: string; iid: string }): Answer | Promise<Answer>;
  ShowProperties(params: { item: string; hwnd?: number }): Answer | Promise<Answer>;
  SetProgressCallback(params: { callback: number | null }): Answer | Promise<Answer>;
  PrepareForSync(params: { items: string[]; hwnd?: number; reserved?: number }): Answer | Promise<Answer>;
  Synchronize(params: { hwnd?: number }): Answer | Promise<Answer>;
  SetItemStatus(params: { item: string; status: string }): Answer | Promise<Answer>;
  ShowError(params: { error: string; hwnd?: number }): Answer | Promise<Answer>;
  Release(params: object): Answer | Promise<Answer>;
  Next(params: { enumerator: number; celt: number; no_count?: boolean }): Answer | Promise<Answer>;
  Skip(params: { enumerator: number; celt: number }): Answer | Promise<Answer>;
  Reset(params: { enumerator: number }): Answer | Promise<Answer>;
  Clone(params: { enumerator: number }): Answer | Promise<Answer>;
}

type Call = { id: number | string; method: string; params: object };
type Reply = { id: number | string; result?: { hr: string }; error?: { message: string } };

/** The callback interface of the manager. */
export class Manager {
  #last = 0;
  #isThere = false;
  /** The callbacks that wait for their reply. */
  #open = new Map<number | string, (reply: Reply) => void>();
  /** Who waits until there is none. */
  #idle: (() => void)[] = [];

  /** Sends a message. */
  send(message: object): void {
    process.stdout.write(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\n");
  }

  /**
   * Makes a callback, and gives the result that the manager returns, such as "S_OK". `thread` is its name in traces: of one thread, one
   * callback at a time. Once the manager has taken its interface back, nothing is sent, and the result is "E_UNEXPECTED".
   */
  async call(thread: string, method: string, params: object): Promise<string> {
    if (!this.#isThere) return "E_UNEXPECTED";
    const id = `c${++this.#last}`;
    const reply = await new Promise<Reply>((come) => {
      this.#open.set(id, come);
      this.send({ id, method, params: { thread, ...params } });
    });
    if (!reply.result) throw new Error(`${method}: ${reply.error?.message}`);
    return reply.result.hr;
  }

  /** The manager gives its interface, or takes it back: then this waits until no callback is under way. */
  async interface(isThere: boolean): Promise<void> {
    this.#isThere = isThere;
    if (!isThere && this.#open.size > 0) await new Promise<void>((idle) => this.#idle.push(idle));
  }

  /** A reply has come. */
  answered(reply: Reply): void {
    const come = this.#open.get(reply.id);
    if (!come) return console.error("mobsync:", reply);
    this.#open.delete(reply.id);
    come(reply);
    if (this.#open.size === 0) for (const idle of this.#idle.splice(0)) idle();
  }
}

/** Serves one instance until the manager releases it. */
export function serve(make: (manager: Manager) => SyncHandler): void {
  // Text printed by mistake must not get between the messages.
  console.log = console.error;
  const manager = new Manager();
  const handler = make(manager);

  const answer = async ({ id, method, params }: Call): Promise<void> => {
    const known = (handler as unknown as Record<string, (params: object) => Answer | Promise<Answer>>)[method];
    if (!known) return manager.send({ id, error: { code: -32601, message: `there is no ${method} here` } });
    if (method === "SetProgressCallback") await manager.interface((params as { callback: number | null }).callback !== null);
    const answered = await known.call(handler, params);
    const [hr, args] = typeof answered === "string" ? [answered] : answered;
    manager.send({ id, result: args ? { hr, args } : { hr } });
  };

  // Replies are taken while a method is running, because it may make callbacks; calls are served one after the other.
  let calls: Promise<void> = Promise.resolve();
  createInterface({ input: process.stdin })
    .on("line", (line) => {
      const message = JSON.parse(line) as Call | Reply;
      if ("method" in message) calls = calls.then(() => answer(message));
      else manager.answered(message);
    })
    // Nobody answers any more.
    .on("close", () => process.exit(0));
}
