/** The connectivity states of subchannels and channels (gRPC Connectivity Semantics). */

/** All states, in their usual order. */
export const CONNECTIVITY_STATES = ['IDLE', 'CONNECTING', 'READY', 'TRANSIENT_FAILURE', 'SHUTDOWN'] as const

/**
 * - `IDLE`: not connected, and no connection is requested.
 * - `CONNECTING`: an attempt is under way.
 * - `READY`: calls can be made.
 * - `TRANSIENT_FAILURE`: the last attempt failed; another follows.
 * - `SHUTDOWN`: closed permanently.
 */
export type ConnectivityState = (typeof CONNECTIVITY_STATES)[number]
