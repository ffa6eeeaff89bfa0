/** Divides limits that count for the machine between the workers. */
import type { FastifyBaseLogger } from 'fastify'
import { numberPart, type PartRequest } from '../workers/contracts/numbered-parts.ts'
import type { PrimaryLink, WorkerHandle, WorkerLink } from '../workers/contracts/worker-link.ts'

/** The channel of a link that the messages go over. */
const SHARES_CHANNEL = 'portico.shares'

/** Asks for the share of a worker in a limit. */
interface ShareRequest extends PartRequest {
  /** What the limit admits on the machine. */
  readonly limit: number
}

/** The share of a worker. */
interface LimitShare {
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

/**
 * Gives each worker its share of a limit. The shares of a limit of 10 are 3, 3, 2 and 2, and a worker that replaces another takes its
 * share over.
 *
 * @param workers how many workers run
 */
export function servePrimaryShares(link: PrimaryLink, workers: number): void {
  const given = new Map<number, Map<WorkerHandle, number>>()
  link.onRequest(SHARES_CHANNEL, (request, worker): LimitShare => {
    const { part, limit } = request as ShareRequest
    const shares = given.get(part) ?? new Map<WorkerHandle, number>()
    given.set(part, shares)
    const share = shares.get(worker) ?? shareOf(limit, workers, [...shares.values()])
    shares.set(worker, share)
    return { share, workers }
  })
  link.onEnd((worker) => {
    for (const shares of given.values()) shares.delete(worker)
  })
}

/** Gives the larger shares first. A worker that is being replaced may still hold its share. */
function shareOf(limit: number, workers: number, given: readonly number[]): number {
  const smaller = Math.max(1, Math.floor(limit / workers))
  const larger = limit > workers ? limit % workers : 0
  return given.filter((share) => share > smaller).length < larger ? smaller + 1 : smaller
}
