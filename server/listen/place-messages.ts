/** What the ports of workers and their primary send each other to count connections. */
import type { PartRequest } from '../workers/contracts/numbered-parts.ts'

/** The channel of a link that the messages go over. */
export const PLACES_CHANNEL = 'connections'

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
