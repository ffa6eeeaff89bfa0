/** The connections of all workers, counted by port and network: the other half of SharedPlaces. */
import { type Clock, systemClock } from '../../wire/http2/http2.ts'
import type { PartRequest } from '../workers/contracts/numbered-parts.ts'
import type { PrimaryLink, WorkerHandle } from '../workers/contracts/worker-link.ts'
import { PLACES_CHANNEL, type PlacesFreed, type PlacesRequest, type PlaceVerdict } from './shared-places.ts'

/** How long connections are refused at once after no worker had an idle one: a flood must not keep all workers searching. */
const NO_ROOM_MS = 100

/** How long a worker may take to find an idle connection. */
const SEARCH_MS = 500

/** How long a worker that did not answer is left out of the search: connections of the others must not wait for it. */
const STALLED_MS = 5_000

/** Counts the connections of workers, so that the limits of a port hold for the machine. */
export function servePrimaryPlaces(link: PrimaryLink, clock: Clock = systemClock): void {
  const ports = new Map<number, PortPlaces>()
  link.onRequest(PLACES_CHANNEL, (request, worker) => {
    const { part } = request as PlacesRequest
    const port = ports.get(part) ?? new PortPlaces(part, link, clock)
    ports.set(part, port)
    return port.take(request as PlacesRequest, worker)
  })
  link.onMessage(PLACES_CHANNEL, (message, worker) => {
    const { part, networks } = message as PlacesFreed
    for (const network of networks) ports.get(part)?.free(network, worker)
  })
  link.onEnd((worker) => {
    for (const port of ports.values()) port.end(worker)
  })
}

/** One port of all workers. */
class PortPlaces {
  readonly #part: number
  readonly #link: PrimaryLink
  readonly #clock: Clock
  readonly #byNetwork = new Map<string, number>()
  readonly #byWorker = new Map<WorkerHandle, Map<string, number>>()
  readonly #ended = new WeakSet<WorkerHandle>()
  readonly #stalledUntilMs = new WeakMap<WorkerHandle, number>()
  #total = 0
  #noRoomUntilMs = Number.NEGATIVE_INFINITY

  constructor(part: number, link: PrimaryLink, clock: Clock) {
    this.#part = part
    this.#link = link
    this.#clock = clock
  }

  async take(request: PlacesRequest, worker: WorkerHandle): Promise<readonly PlaceVerdict[]> {
    const verdicts: PlaceVerdict[] = []
    for (const network of request.networks) verdicts.push(await this.#takeOne(network, request, worker))
    return verdicts
  }

  /** A worker may give back what it took without an answer, when the primary stalled. */
  free(network: string, worker: WorkerHandle): void {
    if (this.#byWorker.get(worker)?.has(network)) this.#count(network, worker, -1)
  }

  /** The connections of a worker close with it. */
  end(worker: WorkerHandle): void {
    for (const [network, count] of this.#byWorker.get(worker) ?? []) this.#count(network, worker, -count)
    this.#byWorker.delete(worker)
    this.#ended.add(worker)
  }

  async #takeOne(network: string, limits: PlacesRequest, worker: WorkerHandle): Promise<PlaceVerdict> {
    const { maxConnections, maxConnectionsPerAddress } = limits
    const hasLimit = maxConnectionsPerAddress > 0 && network !== ''
    if (hasLimit && (this.#byNetwork.get(network) ?? 0) >= maxConnectionsPerAddress) return 'refusedByAddress'
    const isFull = this.#total >= maxConnections
    // Counted first: others must not take the place during the search.
    this.#count(network, worker, 1)
    if (!isFull) return 'admitted'
    if (await this.#makeRoom(worker)) return 'replaces'
    this.free(network, worker)
    return 'refused'
  }

  /** Asks the worker with the new connection first. */
  async #makeRoom(worker: WorkerHandle): Promise<boolean> {
    if (this.#clock.now() < this.#noRoomUntilMs) return false
    const request: PartRequest = { part: this.#part }
    for (const each of new Set([worker, ...this.#link.workers()])) {
      if (this.#clock.now() < (this.#stalledUntilMs.get(each) ?? 0)) continue
      const asking = each.request(PLACES_CHANNEL, request, { timeoutMs: SEARCH_MS })
      const isMade = await asking.catch(() => void this.#stalledUntilMs.set(each, this.#clock.now() + STALLED_MS))
      if (isMade === true) return true
    }
    this.#noRoomUntilMs = this.#clock.now() + NO_ROOM_MS
    return false
  }

  #count(network: string, worker: WorkerHandle, change: number): void {
    if (this.#ended.has(worker)) return
    this.#total += change
    add(this.#byNetwork, network, change)
    const ofWorker = this.#byWorker.get(worker) ?? new Map<string, number>()
    this.#byWorker.set(worker, ofWorker)
    add(ofWorker, network, change)
  }
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change
  if (count === 0) counts.delete(key)
  else counts.set(key, count)
}
