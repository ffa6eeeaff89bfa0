/** What a port knows of calls: who answers them, and which paths are theirs. */
import type { RpcProtocol } from '../../wire/rpc-protocol.ts'
import { ObserverList } from '../observing/observer-list.ts'
import type { CallEntry } from './call-entry.ts'

/** Filled by the plugins before the port opens. Fastify's servers for the addresses of one name share it. */
export class PortCalls {
  /** Receive every request of the port. */
  readonly observers = new ObserverList()
  readonly #entries = new Map<string, CallEntry>()
  readonly #routed = new Set<string>()
  #first: CallEntry | undefined
  #hasRoute: (method: string, path: string) => boolean = () => false

  /** Every path that has an entry. */
  get entryPaths(): Iterable<string> {
    return this.#entries.keys()
  }

  /** Who answers requests that nobody could want; undefined where no call leaves the port before Fastify. */
  get first(): CallEntry | undefined {
    return this.#first
  }

  /** Says whether Fastify has a route for calls that have no entry, as that of a proxy: they are left to it. Default: none. */
  set hasRoute(hasRoute: (method: string, path: string) => boolean) {
    this.#hasRoute = hasRoute
  }

  /** @throws Error for a path that is served already, and where Fastify routes other calls of the port */
  addEntry(entry: CallEntry): void {
    if (this.#routed.size > 0) throw new Error(MIXED)
    const taken = entry.paths.find((path) => this.#entries.has(path))
    if (taken !== undefined) throw new Error(`${taken} is served on this port already`)
    for (const path of entry.paths) this.#entries.set(path, entry)
    this.#first ??= entry
  }

  /**
   * Notes calls that Fastify routes, so that they are timed as calls.
   *
   * @throws Error where others have an entry: they come by another HTTP/2, and bidirectional streams would not get through
   */
  addRouted(paths: Iterable<string>): void {
    if (this.#first !== undefined) throw new Error(MIXED)
    for (const path of paths) this.#routed.add(path)
  }

  /** Whoever serves the path of a request target. */
  entryOf(target: string): CallEntry | undefined {
    return this.#entries.get(pathOf(target))
  }

  /** Who says, in the protocol of the caller, that nobody serves a call; undefined for what is no call, or is routed. */
  entryOfUnserved(protocol: RpcProtocol | undefined, method: string, target: string): CallEntry | undefined {
    if (protocol === undefined || this.#first === undefined) return undefined
    return this.#hasRoute(method, pathOf(target)) ? undefined : this.#first
  }

  /** Whether the path is a method's. */
  hasMethod(target: string): boolean {
    const path = pathOf(target)
    return this.#routed.has(path) || this.#entries.has(path)
  }
}

const MIXED = 'portico: all calls of a port take the same lane'

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}
