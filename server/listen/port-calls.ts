/** What a port knows of calls: what answers them, which paths are theirs, and which protocols they are in. */
import { CallHead, type HeadSource } from '../rpc/exchange/call-head.ts'
import { type CallerProtocol, protocolOf } from '../rpc/exchange/caller-protocol.ts'
import type { CallEntry } from './call-entry.ts'

/** Filled by the plugins before the port opens. Fastify's servers for the addresses of one name share it. */
export class PortCalls {
  readonly #entries: CallEntry[] = []
  readonly #byPath = new Map<string, CallEntry>()
  readonly #routed = new Set<string>()
  #protocols: readonly CallerProtocol[] = []
  #hasRoute: (method: string, path: string) => boolean = () => false

  /** Every path that has an entry. */
  get entryPaths(): Iterable<string> {
    return this.#byPath.keys()
  }

  /** What answers requests that nobody could want; undefined where no call leaves the port before Fastify. */
  get first(): CallEntry | undefined {
    return this.#entries[0]
  }

  /** Says whether Fastify has a route for calls that have no entry, as that of a proxy: they are left to it. Default: none. */
  set hasRoute(hasRoute: (method: string, path: string) => boolean) {
    this.#hasRoute = hasRoute
  }

  /** @throws Error for a path that is served already, and where Fastify routes other calls of the port */
  addEntry(entry: CallEntry): void {
    if (this.#routed.size > 0) throw new Error(MIXED)
    const taken = entry.paths.find((path) => this.#byPath.has(path))
    if (taken !== undefined) throw new Error(`${taken} is served on this port already`)
    for (const path of entry.paths) this.#byPath.set(path, entry)
    this.#entries.push(entry)
    this.#learn(entry.protocols)
  }

  /**
   * Notes calls that Fastify routes, so that they are timed and refused as calls.
   *
   * @throws Error where others have an entry: they come by another HTTP/2, and bidirectional streams would not get through
   */
  addRouted(paths: Iterable<string>, protocols: readonly CallerProtocol[]): void {
    if (this.first !== undefined) throw new Error(MIXED)
    for (const path of paths) this.#routed.add(path)
    this.#learn(protocols)
  }

  /** What serves the path of a request target. */
  entryAt(target: string): CallEntry | undefined {
    return this.#byPath.get(pathOf(target))
  }

  /**
   * What answers a request whose path has no entry: it names a method in a way of a protocol's own, or it is a call that nobody
   * serves, which is to be told so in its protocol. Undefined for what is not a call, or is left to a route of Fastify's.
   */
  entryOfOther(head: HeadSource): CallEntry | undefined {
    const named = this.#entries.find((entry) => entry.namesMethod(head))
    if (named !== undefined || this.first === undefined || this.protocolOf(head) === undefined) return named
    return this.#hasRoute(head.method, pathOf(head.path)) ? undefined : this.first
  }

  /** The protocol of a request; undefined for ordinary HTTP. */
  protocolOf(head: HeadSource): CallerProtocol | undefined {
    return protocolOf(this.#protocols, new CallHead(head), this.#hasMethod(head.path))
  }

  #hasMethod(target: string): boolean {
    const path = pathOf(target)
    return this.#routed.has(path) || this.#byPath.has(path)
  }

  #learn(protocols: readonly CallerProtocol[]): void {
    this.#protocols = [...new Set([...this.#protocols, ...protocols])]
  }
}

const MIXED = 'portico: all calls of a port take the same lane'

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}
