/** What workers ask their primary for limits that it divides. */
import type { PartRequest } from '../workers/contracts/numbered-parts.ts'

/** The channel of a link that the messages go over. */
export const SHARES_CHANNEL = 'shares'

/** Asks for the share of a worker in a limit. */
export interface ShareRequest extends PartRequest {
  /** What the limit admits on the machine. */
  readonly limit: number
}

/** The share of a worker. */
export interface LimitShare {
  /** At least 1: a worker that admits nothing would refuse what others could admit. */
  readonly share: number
  /** How many workers there are. */
  readonly workers: number
}
