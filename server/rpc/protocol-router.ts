/** Matches requests that name a method by a route of one protocol, such as `/v1/users/:id`, not by the path of the method. */
import type { HeadSource } from './exchange/call-head.ts'
import type { MethodEntry, MethodTable } from './method-table.ts'
import type { ProtocolRoute, ProtocolRoutes, ServerProtocol } from './protocols/server-protocol.ts'

/** A route that matches a request, and the method that it leads to. */
export interface ProtocolMatch {
  readonly entry: MethodEntry
  readonly route: ProtocolRoute
  readonly protocol: ServerProtocol
}

interface RoutingProtocol {
  readonly protocol: ServerProtocol
  readonly routes: ProtocolRoutes
}

/** The routes of all protocols that define some; empty for the standard protocols, which use method paths alone. */
export class ProtocolRouter {
  readonly #table: MethodTable
  readonly #routing: readonly RoutingProtocol[]
  /** The port and the planner ask for the same request, one after the other. */
  #last: { readonly head: HeadSource; readonly match: ProtocolMatch | undefined } | null = null

  /** @param protocols all protocols, in the order in which they are tried */
  constructor(table: MethodTable, protocols: readonly ServerProtocol[], prefix: string) {
    this.#table = table
    this.#routing = protocols.flatMap((protocol) => routingOf(protocol, table, prefix))
  }

  get routes(): readonly ProtocolRoute[] {
    return this.#routing.flatMap(({ routes }) => routes.all)
  }

  /**
   * Returns the first match that accepts the HTTP method, else the first one by path; undefined if there is none. `head.path` is without
   * the prefix of the lane.
   */
  match(head: HeadSource): ProtocolMatch | undefined {
    if (this.#routing.length === 0) return undefined
    const last = this.#last
    if (last !== null && isSameHead(last.head, head)) return last.match
    const match = this.#search(head)
    this.#last = { head, match }
    return match
  }

  #search(head: HeadSource): ProtocolMatch | undefined {
    let byPath: ProtocolMatch | undefined
    for (const { protocol, routes } of this.#routing) {
      const route = routes.find(head)
      const entry = route && this.#table.get(route.method.path)
      if (route === undefined || entry === undefined) continue
      const match = { entry, route, protocol: route.protocol ?? protocol }
      if (route.verbs.includes(head.method)) return match
      byPath ??= match
    }
    return byPath
  }
}

/** The list of fields is an object of its own for each head. */
function isSameHead(one: HeadSource, other: HeadSource): boolean {
  return one.fields === other.fields && one.path === other.path && one.method === other.method
}

function routingOf(protocol: ServerProtocol, table: MethodTable, prefix: string): RoutingProtocol[] {
  if (protocol.createRoutes === undefined) return []
  const methods = [...table.values()].filter(({ protocols }) => protocols.includes(protocol))
  const routes = protocol.createRoutes(methods, prefix)
  return routes.all.length === 0 ? [] : [{ protocol, routes }]
}
