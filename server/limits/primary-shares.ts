/** Divides limits between workers. */
import type { PrimaryLink, WorkerHandle } from '../workers/contracts/worker-link.ts'
import { type LimitShare, SHARES_CHANNEL, type ShareRequest } from './worker-share.ts'

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

/** The larger shares first. Workers that are about to be replaced have theirs still, for a while. */
function shareOf(limit: number, workers: number, given: readonly number[]): number {
  const smaller = Math.max(1, Math.floor(limit / workers))
  const larger = limit > workers ? limit % workers : 0
  return given.filter((share) => share > smaller).length < larger ? smaller + 1 : smaller
}
