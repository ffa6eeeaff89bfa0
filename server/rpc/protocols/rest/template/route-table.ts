/** The routes of HTTP bindings: which one a request matches. */
import type { PathTemplate } from './path-template.ts'
import { decodeSegment, maxEncodedChars, RouteNode, type RouteQuery } from './route-node.ts'

/** The result of a lookup. */
export interface RouteMatch<T> {
  /** Null if the path matches, but not with this HTTP method. */
  readonly value: T | null
  /** The HTTP methods of the template that matches; of all templates that match the path if the value is null. */
  readonly verbs: readonly string[]
}

const SLASH = '/'.charCodeAt(0)
const COLON = ':'.charCodeAt(0)

interface Route<T> extends RouteMatch<T> {
  readonly value: T
  readonly template: PathTemplate
  /** Shared by the routes with the same path. */
  readonly verbs: string[]
}

/**
 * Routes by HTTP method and path template. Filled at start-up.
 *
 * A literal is preferred to `*`, and `*` to `**`, at the first segment where two routes differ. A template with a
 * custom verb is preferred to templates without. A route with another HTTP method is passed over, so that
 * `DELETE /v1/{id}` applies to `/v1/search` beside `GET /v1/search`.
 */
export class RouteTable<T> {
  readonly #describe: (value: T) => string
  readonly #root = new RouteNode<Route<T>>()
  readonly #customVerbs = new Set<string>()
  #maxLiteralChars = 0

  /** @param describe returns the name of a value in errors, such as that of its RPC */
  constructor(describe: (value: T) => string) {
    this.#describe = describe
  }

  /**
   * Adds a route.
   *
   * @param verb the HTTP method; `*` for all those that the template is not added with
   * @throws RangeError if a route matches the same requests
   */
  add(verb: string, template: PathTemplate, value: T): void {
    const routesByVerb = this.#root.routesFor(template)
    const customVerb = template.verb ?? ''
    const routes = routesByVerb.get(customVerb) ?? new Map<string, Route<T>>()
    const taken = routes.get(verb)
    if (taken !== undefined) throw new RangeError(this.#duplicate(verb, taken, { template, value }))
    const [sibling] = routes.values()
    const verbs = sibling?.verbs ?? []
    verbs.push(verb)
    routesByVerb.set(customVerb, routes.set(verb, { value, template, verbs }))
    if (customVerb !== '') this.#customVerbs.add(customVerb)
    this.#maxLiteralChars = Math.max(this.#maxLiteralChars, maxEncodedChars(template))
  }

  /**
   * Finds the route of a request. Returns undefined if no template matches the path.
   *
   * @param verb the HTTP method
   * @param path begins with the raw path, which is not decoded; a trailing slash counts
   * @param end where the path ends; default: at the end of `path`
   */
  find(verb: string, path: string, end = path.length): RouteMatch<T> | undefined {
    if (path[0] !== '/') return undefined
    const query: RouteQuery = {
      method: verb,
      path,
      end,
      verb: '',
      maxLiteralChars: this.#maxLiteralChars,
      otherMethods: null,
      steps: 0,
    }
    const route = this.#findCustom(query) ?? this.#root.find(query, end === 1 ? end + 1 : 1)
    if (route !== undefined || query.otherMethods === null) return route
    return { value: null, verbs: [...query.otherMethods] }
  }

  /** Finds a route with a custom verb. If there is none, the colon belongs to the last segment. */
  #findCustom(query: RouteQuery): Route<T> | undefined {
    if (this.#customVerbs.size === 0) return undefined
    const colon = verbColon(query.path, query.end)
    if (colon < 0 || query.end - colon > this.#maxLiteralChars + 1) return undefined
    const verb = decodeSegment(query.path.slice(colon + 1, query.end))
    if (verb === undefined || !this.#customVerbs.has(verb)) return undefined
    const custom = { ...query, end: colon, verb }
    const route = this.#root.find(custom, 1)
    query.otherMethods = custom.otherMethods
    return route
  }

  #duplicate(verb: string, taken: Route<T>, added: { template: PathTemplate; value: T }): string {
    const [first, second] = [taken, added].map(
      ({ template, value }) => `${verb} ${template.text} of ${this.#describe(value)}`,
    )
    return `${second} matches the same requests as ${first}: change the path or the HTTP method of one of them`
  }
}

/**
 * Returns where the path of a request target ends: before its query.
 *
 * @param ignoresTrailingSlashes whether slashes at the end are left out
 */
export function pathEnd(target: string, ignoresTrailingSlashes: boolean): number {
  const mark = target.indexOf('?')
  let end = mark < 0 ? target.length : mark
  if (ignoresTrailingSlashes) while (end > 1 && target[end - 1] === '/') end -= 1
  return end
}

/** Returns the index of the last colon of the last segment; -1 if there is none, or nothing before it. */
function verbColon(path: string, end: number): number {
  for (let index = end - 1; index > 0; index -= 1) {
    const code = path.charCodeAt(index)
    if (code === SLASH) return -1
    if (code === COLON) return path.charCodeAt(index - 1) === SLASH ? -1 : index
  }
  return -1
}
