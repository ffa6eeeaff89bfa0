/** The calls of a port: which lane answers them, on which paths, in which protocols. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { DescMethod } from '@bufbuild/protobuf'
import type { EncodableField } from '../../wire/http2/http2.ts'
import type { ProxyTrust } from '../observing/client-address.ts'
import { ObserverList } from '../observing/observer-list.ts'
import { CallHead, type HeadSource } from '../rpc/exchange/call-head.ts'
import { type CallerProtocol, protocolOf, refuse } from '../rpc/exchange/caller-protocol.ts'
import { type Refusal, type RequestFault, withCorsFields } from '../rpc/exchange/refusal.ts'
import type { CreateHttp2Front } from './http2-front.ts'
import type { PortLane, PortRoute } from './port-lane.ts'

/** The calls of the reference lane, which Fastify routes. */
export interface ReferenceCalls {
  /** By path. */
  readonly methods: ReadonlyMap<string, DescMethod>
  readonly protocols: readonly CallerProtocol[]
  /** Creates the HTTP/2 side that these calls need. */
  readonly createHttp2Front: CreateHttp2Front
  /** See `PortLane`. */
  readonly corsFields: PortLane['corsFields']
}

/** Calls that go through Fastify's hooks before their lane. */
export interface HookedCalls {
  /** The paths of methods, and protocol routes. */
  readonly paths: readonly string[]
  /** The paths whose routes may not match every call, because of constraints. */
  readonly limitedPaths: readonly string[]
  /** Whether calls to unknown methods go through Fastify too. */
  readonly includesUnserved: boolean
  /** Translates what Fastify answers to a call without a route into the protocol of the caller. */
  watch(request: IncomingMessage, response: ServerResponse, protocol: CallerProtocol): void
}

/** Filled by plugins before the port opens. Shared by Fastify's servers for the addresses of one host name. */
export class PortCalls {
  /** Observe every request of the port. */
  readonly observers = new ObserverList()
  /** Which proxies are trusted to state the caller's address: Fastify's option `trustProxy`. */
  trustProxy: ProxyTrust | null = null
  /** Whether Fastify rewrites request paths. Which requests are calls is then unknown before Fastify. */
  mayRewrite = false
  readonly #lanes: PortLane[] = []
  /** The lanes of calls that are answered before Fastify, by path. */
  readonly #direct = new Map<string, PortLane>()
  /** The lanes of calls that go through hooks, by path. Requests with other HTTP methods go to the lane directly. */
  readonly #hooked = new Map<string, PortLane>()
  /** The protocol routes of calls that go through hooks. */
  readonly #hookedOwn = new Set<string>()
  /** The methods of the reference lane, by path. */
  readonly #reference = new Map<string, DescMethod>()
  #protocols: readonly CallerProtocol[] = []
  #createHttp2Front: CreateHttp2Front | undefined
  #cutShort = 0
  /** Those of the first plugin that enables CORS. */
  #corsFields: PortLane['corsFields']
  #hasRoute: (method: string, path: string) => boolean = () => false
  #hasOtherRoute: (method: string, path: string, url: string) => boolean = () => false
  /** Hooked paths whose Fastify routes may not match every call. */
  readonly #limited = new Set<string>()
  #watch: HookedCalls['watch'] | undefined
  #leavesUnserved = false

  /** The paths of all lanes. */
  get lanePaths(): Iterable<string> {
    return [...this.#direct.keys(), ...this.#hooked.keys()]
  }

  /** Answers malformed requests: the first lane registered. Undefined without a native lane. */
  get firstLane(): PortLane | undefined {
    return this.#lanes[0]
  }

  /** Creates the HTTP/2 side of the port; undefined for our own sessions. */
  get createHttp2Front(): CreateHttp2Front | undefined {
    return this.#createHttp2Front
  }

  /**
   * Sets how to tell whether Fastify has a route for a request. Calls to unknown methods are left to such a route, as it
   * may be a proxy. Default: Fastify has no such routes.
   */
  set hasRoute(hasRoute: (method: string, path: string) => boolean) {
    this.#hasRoute = hasRoute
  }

  /**
   * Sets how to tell whether Fastify would choose another route than this one of a protocol: one that the app has for a special case.
   * Default: never.
   */
  set hasOtherRoute(hasOtherRoute: (method: string, path: string, url: string) => boolean) {
    this.#hasOtherRoute = hasOtherRoute
  }

  /** The number of calls that a drain ended early. */
  get cutShort(): number {
    return this.#cutShort
  }

  /** Counts a call that a drain ended early. */
  noteCutShort(): void {
    this.#cutShort += 1
  }

  /**
   * Adds a lane.
   *
   * @throws Error for a path that is already served, and if the port serves the reference lane
   */
  addLane(lane: PortLane): void {
    if (this.#reference.size > 0) throw new Error(MIXED)
    const taken = lane.paths.find((path) => this.#direct.has(path))
    if (taken !== undefined) throw new Error(`${taken} is already served on this port`)
    for (const path of lane.paths) this.#direct.set(path, lane)
    this.#lanes.push(lane)
    this.#corsFields ??= lane.corsFields
    this.#learn(lane.protocols)
  }

  /** Lets calls go through Fastify from now on. */
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
   * Adds the calls of the reference lane, so that they are timed and refused as calls.
   *
   * @throws Error if the port has a native lane: the reference lane needs another HTTP/2, through which the
   *   bidirectional streams of a native lane would not get
   */
  addReference({ methods, protocols, createHttp2Front, corsFields }: ReferenceCalls): void {
    if (this.firstLane !== undefined) throw new Error(MIXED)
    for (const [path, method] of methods) this.#reference.set(path, method)
    this.#learn(protocols)
    this.#createHttp2Front = createHttp2Front
    this.#corsFields ??= corsFields
  }

  /** Returns the lane that answers a request directly. */
  laneAt(verb: string, target: string): PortLane | undefined {
    if (this.mayRewrite) return undefined
    const path = pathOf(target)
    return this.#direct.get(path) ?? this.#laneForHooked(verb, path)
  }

  /**
   * Returns the lane for a request whose path is not that of a method: one that has a matching protocol route, or the
   * first lane for a call to an unknown method, which must be refused in its protocol. Undefined if it is not a call,
   * or if Fastify has a route for it.
   */
  laneForOther(head: HeadSource): PortLane | undefined {
    if (this.mayRewrite || this.#hooked.has(pathOf(head.path))) return undefined
    for (const lane of this.#lanes) {
      const route = lane.protocolRouteOf(head)
      if (route !== undefined) return this.#isLeft(head, route) ? undefined : lane
    }
    if (this.firstLane === undefined || this.#leavesUnserved) return undefined
    // Without a successful preflight, a page could not read why its call was refused.
    const isPreflight = this.#corsFields !== undefined && new CallHead(head).isCallPreflight
    const isCall = isPreflight || this.protocolOf(head) !== undefined
    return isCall && !this.#isRouted(head) ? this.firstLane : undefined
  }

  /**
   * Watches the response of a request that is about to go to Fastify, if it is a call that none of our routes may
   * match.
   */
  watchUnserved(request: IncomingMessage, response: ServerResponse, protocol: CallerProtocol | undefined): void {
    if (this.#watch === undefined || protocol === undefined) return
    if (this.mayRewrite || !this.#isTaken(request)) this.#watch(request, response, protocol)
  }

  /** Returns the method that a request names; undefined if it names none. */
  methodOf(head: HeadSource): DescMethod | undefined {
    for (const lane of this.#lanesFor(head)) {
      const method = lane.methodOf(head)
      if (method !== undefined) return method
    }
    return this.#reference.get(pathOf(head.path))
  }

  /** Returns the path, with its variables, of the protocol route that a request matches; undefined if it matches none. */
  routeOf(head: HeadSource): string | undefined {
    for (const lane of this.#lanesFor(head)) {
      const route = lane.protocolRouteOf(head)
      if (route !== undefined) return route.template
    }
    return undefined
  }

  /** Returns the protocol of a request; undefined for ordinary HTTP. */
  protocolOf(head: HeadSource): CallerProtocol | undefined {
    return protocolOf(this.#protocols, new CallHead(head), this.#hasMethod(head.path))
  }

  /** Whether any calls can be made over WebSockets. */
  get hasWebSockets(): boolean {
    return this.#lanes.some(({ hasWebSockets }) => hasWebSockets === true)
  }

  /**
   * Whether a WebSocket to this target, in our wire format, is a call: to a method, or to what looks like one and nothing else answers, so
   * that it is refused in its protocol.
   *
   * @param isFree whether no other listener takes upgrades
   */
  takesWebSocket(target: string, isFree: boolean): boolean {
    if (this.mayRewrite) return false
    const path = pathOf(target)
    const lane = this.#direct.get(path) ?? this.#hooked.get(path)
    if (lane !== undefined) return lane.hasWebSockets === true
    if (!isFree || !this.hasWebSockets || !CALL_PATH.test(path)) return false
    return !this.#hasRoute('GET', path) && !this.#hasRoute('POST', path)
  }

  /** Returns the fields that let a page of an origin read the calls of a path; empty if CORS is off. */
  corsFieldsAt(target: string, origin: string | undefined): readonly EncodableField[] {
    const path = pathOf(target)
    const lane = this.#direct.get(path) ?? this.#hooked.get(path)
    return (lane === undefined ? this.#corsFields : lane.corsFields)?.(origin) ?? []
  }

  /** Refuses a request in its own protocol, with the CORS fields that let an allowed page read it. */
  refuse(protocol: CallerProtocol | undefined, source: HeadSource, fault: RequestFault): Refusal {
    const head = new CallHead(source)
    const fields = this.#corsFields?.(head.get('origin')) ?? []
    return withCorsFields(refuse(protocol, head, fault), fields, fault)
  }

  /** Whether calls with this target go through Fastify's hooks first. */
  isHooked(target: string): boolean {
    const path = pathOf(target)
    return !this.mayRewrite && (this.#hooked.has(path) || this.#hookedOwn.has(path))
  }

  /** Whether a request names a method with exactly one request message. The client owes that message from the start. */
  takesOne(head: HeadSource): boolean {
    const kind = this.methodOf(head)?.methodKind
    return kind === 'unary' || kind === 'server_streaming'
  }

  /** The path of a method belongs to its lane, even if a protocol route of another lane matches it. */
  #lanesFor({ path: target }: HeadSource): readonly PortLane[] {
    const path = pathOf(target)
    const lane = this.#direct.get(path) ?? this.#hooked.get(path)
    return lane === undefined ? this.#lanes : [lane]
  }

  #isTaken({ method = '', url = '' }: IncomingMessage): boolean {
    const path = pathOf(url)
    if (this.isHooked(url)) return !this.#limited.has(path)
    return this.#hasRoute(method, path)
  }

  /**
   * Whether Fastify answers a request that matches the route of a protocol: for its hooks, or by a route of the app. Even if Fastify does not
   * find its route for the path, a call does not get past the hooks.
   */
  #isLeft(head: HeadSource, { url, hasVerb }: PortRoute): boolean {
    if (this.#hookedOwn.has(url)) return hasVerb || this.#isRouted(head)
    return this.#hasOtherRoute(head.method, pathOf(head.path), url)
  }

  #isRouted({ method, path }: HeadSource): boolean {
    return this.#hasRoute(method, pathOf(path))
  }

  #hasMethod(target: string): boolean {
    const path = pathOf(target)
    return this.#reference.has(path) || this.#direct.has(path) || this.#hooked.has(path)
  }

  /** Requests that cannot be calls, and preflights that Fastify has no route for, go to the lane directly. */
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

/** `/package.Service/Method`, after any prefix. */
const CALL_PATH = /\/[\w.]+\/\w+$/

function pathOf(target: string): string {
  const mark = target.indexOf('?')
  return mark < 0 ? target : target.slice(0, mark)
}
