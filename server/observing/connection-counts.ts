/** Counts the connections of a port, for metrics. */
import type { Socket } from 'node:net'
import type { MetricSource, ReportValue } from '../../wire/telemetry/metrics/metric-registry.ts'

/** What a connection speaks. */
export type ConnectionProtocol = 'http1' | 'http2'

/**
 * Why a connection was refused or closed by the port: `limit` and `address_limit`, no room and no idle connection to close in its place;
 * `idle`, closed to make room; `protocol`, TLS on a cleartext port or the reverse.
 */
export type ConnectionRefusal = 'limit' | 'address_limit' | 'idle' | 'protocol'

const VERSIONS = { http1: '1.1', http2: '2' } as const

/** The connections of one kind. */
class Kind {
  readonly attributes: { readonly 'network.protocol.version': string; readonly tls: boolean }
  accepted = 0
  open = 0

  constructor(protocol: ConnectionProtocol, tls: boolean) {
    this.attributes = { 'network.protocol.version': VERSIONS[protocol], tls }
  }
}

/** A few additions per connection. */
export class ConnectionCounts {
  readonly #kinds = {
    http1: { clear: new Kind('http1', false), secure: new Kind('http1', true) },
    http2: { clear: new Kind('http2', false), secure: new Kind('http2', true) },
  } as const
  readonly #refused: Record<ConnectionRefusal, number> = { limit: 0, address_limit: 0, idle: 0, protocol: 0 }

  /** The counts as metrics. */
  readonly metricSources: readonly MetricSource[] = [
    {
      name: 'portico.server.connection.open',
      unit: '{connection}',
      description: 'Open connections by protocol',
      kind: 'gauge',
      read: (report) => this.#report(report, 'open'),
    },
    {
      name: 'portico.server.connection.accepted',
      unit: '{connection}',
      description: 'Connections accepted since the start, by protocol',
      kind: 'counter',
      read: (report) => this.#report(report, 'accepted'),
    },
    {
      name: 'portico.server.connection.refused',
      unit: '{connection}',
      description: 'Connections that the port refused, or closed to make room, by reason',
      kind: 'counter',
      read: (report) => {
        for (const [reason, count] of Object.entries(this.#refused)) report(count, { reason })
      },
    },
  ]

  /** Counts a connection until it closes. */
  onAccepted(socket: Socket, protocol: ConnectionProtocol): void {
    const kind = this.#kinds[protocol]['encrypted' in socket ? 'secure' : 'clear']
    kind.accepted += 1
    kind.open += 1
    socket.once('close', () => {
      kind.open -= 1
    })
  }

  /** Counts a connection that the port does not want. */
  onRefused(reason: ConnectionRefusal): void {
    this.#refused[reason] += 1
  }

  #report(report: ReportValue, count: 'open' | 'accepted'): void {
    for (const { clear, secure } of Object.values(this.#kinds))
      for (const kind of [clear, secure]) report(kind[count], kind.attributes)
  }
}
