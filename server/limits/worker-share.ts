/** The share of a worker in a limit that counts for the machine. */
import type { FastifyBaseLogger } from 'fastify'
import { numberPart, type PartRequest } from '../workers/contracts/numbered-parts.ts'
import type { WorkerLink } from '../workers/contracts/worker-link.ts'

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

/** A limit to divide. */
export interface DividedLimit {
  /** For the log: `concurrencyLimit: max`. */
  readonly name: string
  /** What it admits on the machine. */
  readonly limit: number
  readonly log: Pick<FastifyBaseLogger, 'warn'>
}

/** Returns what this worker may admit. Below one for each worker a limit cannot be divided: each admits one then, and the log says so. */
export async function workerShare(link: WorkerLink, { name, limit, log }: DividedLimit): Promise<number> {
  const request: ShareRequest = { part: numberPart(link, SHARES_CHANNEL), limit }
  const { share, workers } = (await link.request(SHARES_CHANNEL, request)) as LimitShare
  if (limit < workers)
    log.warn({ limit, workers, admits: workers }, `${name} is below the number of workers: each admits 1`)
  return share
}
