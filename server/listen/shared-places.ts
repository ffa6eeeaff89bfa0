/** The places of connections on a port that all workers share, as one worker uses them. */
import { numberPart, type PartRequest } from '../workers/contracts/numbered-parts.ts'
import { TurnBatch } from '../workers/contracts/turn-batch.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'

/** The channel of a link that the messages go over. */
export const PLACES_CHANNEL = 'portico.connections'

/**
 * Asks the primary for places of new connections. The response has a {@link PlaceVerdict} for each. The primary asks a worker by a
 * PartRequest to end an idle connection of its port, and the worker responds whether it has.
 */
export interface PlacesRequest extends PartRequest {
  readonly maxConnections: number
  /** 0 for no limit. */
  readonly maxConnectionsPerAddress: number
  /** The networks of the connections; empty for Unix sockets. */
  readonly networks: readonly string[]
}

/** Whether a connection may stay. `replaces`: an idle one was ended in its place, so that there is one too many until it has closed. */
export type PlaceVerdict = 'admitted' | 'replaces' | 'refused' | 'refusedByAddress'

/** Connections that have closed. */
export interface PlacesFreed extends PartRequest {
  readonly networks: readonly string[]
}

/** When to report closed connections again if the link was full. */
const RETRY_MS = 100

/** What the places of a worker work with. */
export interface SharedPlacesParts {
  readonly link: WorkerLink
  readonly limits: Pick<PlacesRequest, 'maxConnections' | 'maxConnectionsPerAddress'>
  /** Ends an idle connection of this worker. Returns whether there was one. */
  makeRoom(): boolean
}

/** Asks the primary once for all connections of a turn of the event loop. */
export class SharedPlaces {
  readonly #parts: SharedPlacesParts
  readonly #number: number
  readonly #takes = new TurnBatch((networks: readonly string[]) => this.#takeAll(networks))
  #freed: string[] = []
  #reporting: NodeJS.Immediate | NodeJS.Timeout | undefined

  constructor(parts: SharedPlacesParts) {
    this.#parts = parts
    this.#number = numberPart(parts.link, PLACES_CHANNEL, () => parts.makeRoom())
  }

  /** Takes a place, which `free` gives back unless the connection was refused. A primary that does not answer admits. */
  take(network: string): Promise<PlaceVerdict> {
    return this.#takes.add(network)
  }

  /** Gives a place back. */
  free(network: string): void {
    this.#freed.push(network)
    this.#reporting ??= setImmediate(() => this.#report())
  }

  async #takeAll(networks: readonly string[]): Promise<readonly PlaceVerdict[]> {
    const { link, limits } = this.#parts
    const request: PlacesRequest = { ...limits, part: this.#number, networks }
    try {
      return (await link.request(PLACES_CHANNEL, request)) as readonly PlaceVerdict[]
    } catch {
      return networks.map(() => 'admitted')
    }
  }

  #report(): void {
    this.#reporting = undefined
    const freed: PlacesFreed = { part: this.#number, networks: this.#freed }
    if (this.#parts.link.send(PLACES_CHANNEL, freed)) this.#freed = []
    else this.#reporting = setTimeout(() => this.#report(), RETRY_MS).unref()
  }
}
