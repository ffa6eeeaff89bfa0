/** The WebSockets of a port. Loaded only if they are on. */
import type { EventEmitter } from 'node:events'
import { forwardRequest } from './forward-request.ts'
import type { ServeRequest } from './forwarded/forwarded-request.ts'
import type { PortCalls } from './port-calls.ts'
import { WebSocketFront } from './websocket/websocket-front.ts'
import type { WebSocketLimitOptions } from './websocket/websocket-host.ts'
import { WebSocketTunnels } from './websocket-tunnels.ts'
import { WebSocketUpgrades } from './websocket-upgrades.ts'

/** What they need from their port. */
export interface PortWebSocketsInit {
  /** The emitter of `upgrade`. */
  readonly port: EventEmitter
  readonly calls: PortCalls
  readonly limits: WebSocketLimitOptions
  /** Serves a request through Fastify. */
  readonly serve: ServeRequest
}

/** One per port. */
export class PortWebSockets {
  readonly front: WebSocketFront
  readonly upgrades: WebSocketUpgrades
  readonly tunnels: WebSocketTunnels

  constructor({ port, calls, limits, serve }: PortWebSocketsInit) {
    this.front = new WebSocketFront({
      limits,
      calls,
      forward: (stream, head, carrier) => forwardRequest(calls, serve, { stream, head, carrier }),
    })
    this.upgrades = new WebSocketUpgrades(this.front, calls, port)
    this.tunnels = new WebSocketTunnels(this.front, calls)
  }
}
