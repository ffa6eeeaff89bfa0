/** The routes of REST: which binding a request matches, and where Fastify mounts them. */
import { METHODS } from 'node:http'
import type { HeadSource } from '../../../exchange/call-head.ts'
import type { ProtocolRoute, ServedMethod, ServerProtocol } from '../../server-protocol.ts'
import { sendsStream } from '../binding/check-rule.ts'
import { collectBindings } from '../binding/collect-bindings.ts'
import { readHttpRules } from '../binding/http-rules.ts'
import type { RestSettings } from '../rest-options.ts'
import { pathEnd, RouteTable } from '../template/route-table.ts'
import { mountPaths } from './mount-paths.ts'
import { RestCodecs } from './rest-codec.ts'
import { RestOperation } from './rest-operation.ts'

/** A route with its operation. */
export interface RestRoute extends ProtocolRoute {
  readonly operation: RestOperation
  readonly codecs: RestCodecs
  /** Whether the body is a form with the parameters of the query. Default: false. */
  readonly readsForm?: boolean
}

/** Where routes are compiled. */
export interface RoutesScope {
  /** What stands before the path of every method; empty for none. */
  readonly prefix: string
  /** Returns the protocol of an operation. */
  protocolOf(operation: RestOperation): ServerProtocol
}

/** Every method that a binding for any of them accepts. `CONNECT` has no path. */
const ANY_VERB: readonly string[] = Object.freeze(METHODS.filter((verb) => verb !== 'CONNECT'))

/** Those for a method that sends a stream: a response to HEAD has no body (RFC 9110 section 9.3.2). */
const ANY_STREAM_VERB: readonly string[] = Object.freeze(ANY_VERB.filter((verb) => verb !== 'HEAD'))

/** The routes of all methods of a lane. Filled once, at start-up. */
export class RestRoutes {
  /** What stands before the path of every method; empty for none. */
  prefix = ''
  readonly #settings: RestSettings
  readonly #table = new RouteTable<RestRoute>(({ method: { path } }) => path.slice(1).replace('/', '.'))
  readonly #atOwnPath = new Map<ServedMethod, RestRoute[]>()
  /** The beginnings of paths that belong to REST, with a slash at the end. */
  readonly #owned = new Set<string>()
  #longestOwned = 0
  #routes: readonly RestRoute[] = []
  #mounted: readonly ProtocolRoute[] = []
  /** A request is looked up twice: to tell whether it is one of REST, and for its route. */
  #last: { readonly verb: string; readonly path: string; readonly route: RestRoute | undefined } | null = null

  constructor(settings: RestSettings) {
    this.#settings = settings
  }

  /** What Fastify mounts: each URL once. */
  get mounted(): readonly ProtocolRoute[] {
    return this.#mounted
  }

  /**
   * Compiles the bindings of methods.
   *
   * @throws RangeError that names every fault
   */
  compile(methods: readonly ServedMethod[], { prefix, protocolOf }: RoutesScope): void {
    const settings = this.#settings
    const rules = readHttpRules(settings.rules)
    const { unboundMethods } = settings
    const collected = collectBindings(
      methods.map(({ method }) => method),
      { rules, unboundMethods },
    )
    this.prefix = prefix
    this.#routes = methods.flatMap((entry) =>
      (collected.get(entry.method) ?? []).map((binding) =>
        this.#createRoute(new RestOperation(entry, binding, settings), protocolOf),
      ),
    )
    for (const route of this.#routes) this.#add(route)
    this.#mounted = this.#mount(new Set(methods.map(({ path }) => path)))
  }

  /** Returns the route of a request, by its path if not by its HTTP method too. @param path without the prefix */
  find(verb: string, path: string): RestRoute | undefined {
    if (this.#routes.length === 0) return undefined
    const last = this.#last
    if (last !== null && last.path === path && last.verb === verb) return last.route
    const route = this.#search(verb, path)
    this.#last = { verb, path, route }
    return route
  }

  /**
   * Whether a request is one of REST: its path is that of a binding, or below the literal beginning of one. The path of a method takes
   * precedence over templates with variables.
   */
  owns({ method, path }: Pick<HeadSource, 'method' | 'path'>, isMethod: boolean): boolean {
    if (this.#routes.length === 0 || !path.startsWith(this.prefix)) return false
    const bare = path.slice(this.prefix.length)
    const route = this.find(method, bare)
    if (isMethod) return route !== undefined && route.template === bare.slice(0, pathEnd(bare, false))
    return route !== undefined || this.#isOwned(bare)
  }

  /** Returns the routes whose path is that of the method itself. */
  atOwnPath(entry: ServedMethod): readonly RestRoute[] {
    return this.#atOwnPath.get(entry) ?? NO_ROUTES
  }

  /** Requests to Fastify's own routes get here too, so the cost must not grow with the number of bindings. */
  #isOwned(path: string): boolean {
    for (
      let slash = path.indexOf('/', 1);
      slash > 0 && slash < this.#longestOwned;
      slash = path.indexOf('/', slash + 1)
    ) {
      if (this.#owned.has(path.slice(0, slash + 1))) return true
    }
    return false
  }

  #search(verb: string, path: string): RestRoute | undefined {
    const end = pathEnd(path, this.#settings.path.trailingSlash === 'ignore')
    const match = this.#table.find(verb, path, end)
    if (match === undefined) return undefined
    if (match.value !== null) return match.value
    const [other = ''] = match.verbs
    const value = this.#table.find(other, path, end)?.value
    return value ? { ...value, verbs: match.verbs } : undefined
  }

  #add(route: RestRoute): void {
    const { verb, template } = route.operation.binding
    this.#table.add(verb, template, route)
    const entry = route.method
    if (template.text === entry.path) this.#atOwnPath.set(entry, [...this.atOwnPath(entry), route])
  }

  /** @param taken the paths of methods, which are mounted in any case */
  #mount(taken: ReadonlySet<string>): ProtocolRoute[] {
    const byUrl = new Map<string, { readonly method: ServedMethod; readonly verbs: Set<string> }>()
    for (const { method, verbs, operation } of this.#routes) {
      for (const url of this.#urlsOf(operation)) {
        if (taken.has(url)) continue
        const mount = byUrl.get(url) ?? { method, verbs: new Set() }
        byUrl.set(url, mount)
        for (const verb of verbs) mount.verbs.add(verb)
        if (this.#settings.methodOverride && operation.binding.body === null) mount.verbs.add('POST')
      }
    }
    for (const url of byUrl.keys()) if (url.endsWith('/*') && url !== '/*') this.#owned.add(url.slice(0, -1))
    for (const { length } of this.#owned) this.#longestOwned = Math.max(this.#longestOwned, length)
    return Array.from(byUrl, ([url, { method, verbs }]) => ({ url, verbs: [...verbs], method }))
  }

  #urlsOf({ binding: { template } }: RestOperation): readonly string[] {
    return mountPaths(template, this.#settings.path.trailingSlash === 'ignore')
  }

  #createRoute(operation: RestOperation, protocolOf: RoutesScope['protocolOf']): RestRoute {
    const { verb } = operation.binding
    const [url = ''] = this.#urlsOf(operation)
    const anyVerb = sendsStream(operation.entry.method) ? ANY_STREAM_VERB : ANY_VERB
    const verbs = verb === '*' ? anyVerb : Object.freeze([verb])
    return Object.freeze({
      template: operation.binding.template.text,
      url,
      verbs,
      method: operation.entry,
      protocol: protocolOf(operation),
      operation,
      codecs: new RestCodecs(operation, this.#settings),
    })
  }
}

const NO_ROUTES: readonly RestRoute[] = Object.freeze([])
