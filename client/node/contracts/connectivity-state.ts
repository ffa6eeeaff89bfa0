/** What a connection, or a channel as a whole, can be doing (gRPC, Connectivity Semantics). */

/** In the order in which a connection usually sees them. */
export const CONNECTIVITY_STATES = ['IDLE', 'CONNECTING', 'READY', 'TRANSIENT_FAILURE', 'SHUTDOWN'] as const

/**
 * - `IDLE`: not connected, and nobody asked for it.
 * - `CONNECTING`: an attempt is under way.
 * - `READY`: calls can be made.
 * - `TRANSIENT_FAILURE`: the last attempt failed; another one follows.
 * - `SHUTDOWN`: closed by us, for good.
 */
export type ConnectivityState = (typeof CONNECTIVITY_STATES)[number]
