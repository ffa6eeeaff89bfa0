/** A client of the fleet, its load, and its observations. */
import { createClient } from '@connectrpc/connect'
import { type ClientTransport, createTransport } from '../../client/node/transport.ts'
import type { Protocol } from '../../client/node/transport-options.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { SeededRandom } from '../support/seeded-random.ts'
import { CallLog } from './call-log.ts'
import type { FleetPlace } from './fleet-place.ts'
import { Load } from './load.ts'

/** How a client calls. */
export interface FleetClientOptions {
  readonly name: string
  /** Where it finds servers that its service config makes it retry. */
  readonly place: Pick<FleetPlace, 'transport'>
  /** Whether the policy holds. */
  readonly retry: boolean
  readonly callsPerSecond: number
  /** Default: gRPC. */
  readonly protocol?: Protocol
  /** Default: HTTP/2. */
  readonly httpVersion?: '1.1' | '2'
}

/** Keepalive: the shortest time that a channel allows, and a timeout long enough for a busy machine. */
export const KEEPALIVE = { timeMs: 10_000, timeoutMs: 2_000 } as const

/** The shortest interval between looks at the state. */
const LOOK_MS = 20

/** Connects at once, and calls on command. */
export class FleetClient {
  readonly name: string
  readonly retry: boolean
  readonly log = new CallLog()
  readonly transport: ClientTransport
  readonly #callsPerSecond: number
  readonly #hasBidi: boolean
  #load: Load | undefined

  constructor(options: FleetClientOptions) {
    const { name, place, retry, callsPerSecond, protocol = 'grpc', httpVersion = '2' } = options
    this.name = name
    this.retry = retry
    this.#callsPerSecond = callsPerSecond
    this.#hasBidi = httpVersion === '2'
    this.transport = createTransport({
      ...place.transport,
      retry,
      protocol,
      httpVersion,
      keepalive: KEEPALIVE,
      observers: [this.log],
    })
    this.transport.connect()
  }

  get load(): Load | undefined {
    return this.#load
  }

  startLoad(): void {
    const client = createClient(GreeterService, this.transport)
    this.#load = new Load({
      client,
      callsPerSecond: this.#callsPerSecond,
      random: new SeededRandom(1),
      hasBidi: this.#hasBidi,
    })
  }

  /** The addresses that calls go to. */
  get readyAddresses(): readonly string[] {
    return this.transport
      .inspect()
      .addresses.filter(({ state }) => state === 'READY')
      .map(({ address }) => address)
  }

  /** Waits until the condition holds. Returns the milliseconds that it took, or the limit if it never held. */
  async timeUntil(holds: (ready: readonly string[]) => boolean, limitMs: number): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<number>()
    const startedAtMs = performance.now()
    const timer = setInterval(() => {
      const tookMs = performance.now() - startedAtMs
      if (tookMs < limitMs && !holds(this.readyAddresses)) return
      clearInterval(timer)
      resolve(Math.min(tookMs, limitMs))
    }, LOOK_MS)
    return promise
  }
}
