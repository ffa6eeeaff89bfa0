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

  /** @param protocols all protocols, in the order in which they are tried */
  constructor(table: MethodTable, protocols: readonly ServerProtocol[]) {
    this.#table = table
    this.#routing = protocols.flatMap((protocol) => routingOf(protocol, table))
  }

  get routes(): readonly ProtocolRoute[] {
    return this.#routing.flatMap(({ routes }) => routes.all)
  }

  /** Returns the first match; undefined if there is none. `head.path` is without the prefix of the lane. */
  match(head: HeadSource): ProtocolMatch | undefined {
    for (const { protocol, routes } of this.#routing) {
      const route = routes.find(head)
      const entry = route && this.#table.get(route.method.path)
      if (route !== undefined && entry !== undefined) return { entry, route, protocol }
    }
    return undefined
  }
}

function routingOf(protocol: ServerProtocol, table: MethodTable): RoutingProtocol[] {
  if (protocol.createRoutes === undefined) return []
  const methods = [...table.values()].filter(({ protocols }) => protocols.includes(protocol))
  return [{ protocol, routes: protocol.createRoutes(methods) }]
}
