/** What the workers of one server share, so that it looks like one process: the half that the primary keeps. */
import { servePrimaryRateLimits } from './limits/primary-store.ts'
import { servePrimaryShares } from './limits/worker-share.ts'
import { servePrimaryPlaces } from './listen/primary-places.ts'
import { servePrimaryMetrics } from './telemetry/metrics/primary-metrics.ts'
import { serveRelay } from './workers/contracts/ask-workers.ts'
import type { PrimaryLink } from './workers/contracts/worker-link.ts'

/**
 * Keeps what workers share: the buckets of rate limits, the connections of ports, the metrics. Called once, before the first worker
 * starts.
 *
 * @param workers how many workers run
 */
export function serveSharedParts(link: PrimaryLink, workers: number): void {
  servePrimaryRateLimits(link)
  servePrimaryShares(link, workers)
  servePrimaryPlaces(link)
  servePrimaryMetrics(link)
  serveRelay(link)
}
