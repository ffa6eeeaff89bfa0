/** What a port knows of calls: what answers them, which paths are theirs, and which protocols they are in. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DescMethod } from '@bufbuild/protobuf'
import type { ProxyTrust } from '../observing/client-address.ts'
import { ObserverList } from '../observing/observer-list.ts'
import { CallHead, type HeadSource } from '../rpc/exchange/call-head.ts'
import { type CallerProtocol, protocolOf, refuse } from '../rpc/exchange/caller-protocol.ts'
import { type Refusal, type RequestFault, withCorsFields } from '../rpc/exchange/refusal.ts'
import type { CreateHttp2Front } from './http2-front.ts'
import type { PortLane } from './port-lane.ts'

/** Calls that Fastify routes, and no entry answers. */
export interface ReferenceCalls {
  /** By path. */
  readonly methods: ReadonlyMap<string, DescMethod>
  readonly protocols: readonly CallerProtocol[]
  /** What speaks HTTP/2 to their callers. */
  readonly createHttp2Front: CreateHttp2Front
  /** As of an entry. */
  readonly corsFields: PortLane['corsFields']
}

/** Calls that Fastify gets before their entry does. */
export interface HookedCalls {
  /** Paths that have an entry, and own routes of protocols. */
  readonly paths: readonly string[]
  /** Those whose routes do not take every call, because of constraints. */
  readonly limitedPaths: readonly string[]
  /** Calls that nobody serves are among them. */
  readonly includesUnserved: boolean
  /** Sees to it that what Fastify answers to a call for want of a route is in the protocol of the caller. */
  watch(request: IncomingMessage, response: ServerResponse, protocol: CallerProtocol): void
}

/** Filled by the plugins before the port opens. Fastify's servers for the addresses of one name share it. */
export class PortCalls {
  /** Receive every request of the port. */
  readonly observers = new ObserverList()
  /** Whose word of other addresses is believed: Fastify's option `trustProxy`. */
  trustProxy: ProxyTrust | null = null
  /** Fastify rewrites the paths of requests: which are calls is not known before. */
  mayRewrite = false
  readonly #lanes: PortLane[] = []
  /** Of the calls that are answered on the spot, by path. */
  readonly #direct = new Map<string, PortLane>()
  /** Of the calls that Fastify's hooks see first. Their entries answer other verbs. */
  readonly #hooked = new Map<string, PortLane>()
  /** The same for routes that only one protocol has. */
  readonly #hookedOwn = new Set<string>()
  /** Methods of calls without an entry, by path. */
  readonly #reference = new Map<string, DescMethod>()
  #protocols: readonly CallerProtocol[] = []
  #createHttp2Front: CreateHttp2Front | undefined
  #cutShort = 0
  /** Of the first plugin that lets pages call. */
  #corsFields: PortLane['corsFields']
  #hasRoute: (method: string, path: string) => boolean = () => false
  /** The same where Fastify may not find a route for a call. */
  readonly #limited = new Set<string>()
  #watch: HookedCalls['watch'] | undefined
  #leavesUnserved = false

  /** Every path that has an entry. */
  get lanePaths(): Iterable<string> {
    return [...this.#direct.keys(), ...this.#hooked.keys()]
  }

  /** What answers requests that nobody could want; undefined where no call leaves the port before Fastify. */
  get firstLane(): PortLane | undefined {
    return this.#lanes[0]
  }

  /** Makes the HTTP/2 half of the port; undefined: it is on our own sessions. */
  get createHttp2Front(): CreateHttp2Front | undefined {
    return this.#createHttp2Front
  }

  /** Says whether Fastify has a route for a request: then calls without an entry are left to it, as to a proxy. Default: none. */
  set hasRoute(hasRoute: (method: string, path: string) => boolean) {
    this.#hasRoute = hasRoute
  }

  /** How many calls a drain has ended that were not over. */
  get cutShort(): number {
    return this.#cutShort
  }

  /** A drain has ended one. */
  noteCutShort(): void {
    this.#cutShort += 1
  }

  /** @throws Error for a path that is served already, and where Fastify routes other calls of the port */
  addLane(lane: PortLane): void {
    if (this.#reference.size > 0) throw new Error(MIXED)
    const taken = lane.paths.find((path) => this.#direct.has(path))
    if (taken !== undefined) throw new Error(`${taken} is already served on this port`)
    for (const path of lane.paths) this.#direct.set(path, lane)
    this.#lanes.push(lane)
    this.#corsFields ??= lane.corsFields
    this.#learn(lane.protocols)
  }

  /** From here on Fastify gets these calls; every request where it rewrites paths. */
  addHooked({ paths, limitedPaths, includesUnserved, watch }: HookedCalls): void {
    for (const path of paths) {
      const lane = this.#direct.get(path)
      this.#direct.delete(path)
      if (lane === undefined) this.#hookedOwn.add(path)
      else this.#hooked.set(path, lane)
    }
    for (const path of limitedPaths) this.#limited.add(path)
    this.#leavesUnserved ||= includesUnserved
    this.#watch = watch
  }

  /**
   * Notes calls that Fastify routes, so that they are timed and refused as calls.
   *
   * @throws Error where others have an entry: they come by another HTTP/2, and bidirectional streams would not get through
   */
  addReference({ methods, protocols, createHttp2Front, corsFields }: ReferenceCalls): void {
    if (this.firstLane !== undefined) throw new Error(MIXED)
    for (const [path, method] of methods) this.#reference.set(path, method)
    this.#learn(protocols)
    this.#createHttp2Front = createHttp2Front
    this.#corsFields ??= corsFields
  }

  /** What answers a request with this verb and target on the spot. */
  laneAt(verb: string, target: string): PortLane | undefined {
    if (this.mayRewrite) return undefined
    const path = pathOf(target)
    return this.#direct.get(path) ?? this.#laneForHooked(verb, path)
  }

  /**
   * What answers a request whose path has no entry: it names a method in a way of a protocol's own, or it is a call that nobody
   * serves, which is to be told so in its protocol. Undefined for what is not a call, or is left to a route of Fastify's.
   */
  laneForOther(head: HeadSource): PortLane | undefined {
    if (this.mayRewrite || this.isHooked(head.path)) return undefined
    for (const lane of this.#lanes) {
      const route = lane.protocolRouteOf(head)
      if (route !== undefined) return this.#hookedOwn.has(route) && this.#isRouted(head) ? undefined : lane
    }
    if (this.firstLane === undefined || this.#leavesUnserved) return undefined
    // A page that calls a method which nobody serves could not read the refusal if its preflight failed.
    const isPreflight = this.#corsFields !== undefined && new CallHead(head).isCallPreflight
    const isCall = isPreflight || this.protocolOf(head) !== undefined
    return isCall && !this.#isRouted(head) ? this.firstLane : undefined
  }

  /** Fastify is about to get a request: if it is a call that no route of ours may take, its answer is watched. */
  watchUnserved(request: IncomingMessage, response: ServerResponse, protocol: CallerProtocol | undefined): void {
    if (this.#watch === undefined || protocol === undefined) return
    if (this.mayRewrite || !this.#isTaken(request)) this.#watch(request, response, protocol)
  }

  /** The method that a request names; undefined if it names none. */
  methodOf(head: HeadSource): DescMethod | undefined {
    for (const lane of this.#lanes) {
      const method = lane.methodOf(head)
      if (method !== undefined) return method
    }
    return this.#reference.get(pathOf(head.path))
  }

  /** The protocol of a request; undefined for ordinary HTTP. */
  protocolOf(head: HeadSource): CallerProtocol | undefined {
    return protocolOf(this.#protocols, new CallHead(head), this.#hasMethod(head.path))
  }

  /** Refuses a request in the protocol of its caller, so that pages which may call can read it. */
  refuse(protocol: CallerProtocol | undefined, source: HeadSource, fault: RequestFault): Refusal {
    const head = new CallHead(source)
    const fields = this.#corsFields?.(head.get('origin')) ?? []
    return withCorsFields(refuse(protocol, head, fault), fields, fault)
  }

  /** Whether Fastify's hooks see the calls with this target first. */
  isHooked(target: string): boolean {
    const path = pathOf(target)
    return !this.mayRewrite && (this.#hooked.has(path) || this.#hookedOwn.has(path))
  }

  /** Whether a request names a method that takes exactly one message: its caller owes that from the head on. */
  takesOne(head: HeadSource): boolean {
    const kind = this.methodOf(head)?.methodKind
    return kind === 'unary' || kind === 'server_streaming'
  }

  #isTaken({ method = '', url = '' }: IncomingMessage): boolean {
    const path = pathOf(url)
    if (this.isHooked(url)) return !this.#limited.has(path)
    return this.#hasRoute(method, path)
  }

  #isRouted({ method, path }: HeadSource): boolean {
    return this.#hasRoute(method, pathOf(path))
  }

  #hasMethod(target: string): boolean {
    const path = pathOf(target)
    return this.#reference.has(path) || this.#direct.has(path) || this.#hooked.has(path)
  }

  /** Verbs of no call, and preflights that nothing of Fastify's answers, are the entry's to refuse or to answer. */
  #laneForHooked(verb: string, path: string): PortLane | undefined {
    const lane = this.#hooked.get(path)
    if (lane === undefined || verb === 'POST') return undefined
    return this.#hasRoute(verb, path) ? undefined : lane
  }

  #learn(protocols: readonly CallerProtocol[]): void {
    this.#protocols = [...new Set([...this.#protocols, ...protocols])]
  }
}

const MIXED = 'portico: this port already serves another lane: use one lane per port'

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}
