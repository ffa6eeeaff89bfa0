/** What workers and their primary send each other for the page of metrics. */
import type { PartRequest } from '../../workers/contracts/numbered-parts.ts'
import type { CollectedData } from './prometheus-registry.ts'

/** The channel of a link that the messages go over. */
export const METRICS_CHANNEL = 'metrics'

/** Asks the primary for the metrics of all workers on a page, or a worker for its own. */
export type MetricsRequest = PartRequest

/** The last values of a worker that ends. */
export interface MetricsReport extends PartRequest {
  readonly metrics: readonly CollectedData[]
}
