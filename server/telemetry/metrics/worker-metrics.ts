/** The metrics of a worker, and through its primary those of all. */
import { numberPart, type PartRequest } from '../../workers/contracts/numbered-parts.ts'
import type { WorkerLink } from '../../workers/contracts/worker-link.ts'
import type { CollectedData } from './prometheus-registry.ts'

/** The channel of a link that the messages go over. */
export const METRICS_CHANNEL = 'portico.metrics'

/** Asks the primary for the metrics of all workers on a page, or a worker for its own. */
export type MetricsRequest = PartRequest

/** The last values of a worker that ends. */
export interface MetricsReport extends PartRequest {
  readonly metrics: readonly CollectedData[]
}

/** How long the end of a worker waits for the primary to take its values. */
const REPORT_MS = 1_000

/** Reads the values of this process. */
export type ReadMetrics = () => Promise<readonly CollectedData[]>

/** A page of metrics in a worker. */
export interface WorkerMetrics {
  /**
   * Returns the metrics of all workers.
   *
   * @throws as a request of the link
   */
  collect(): Promise<readonly CollectedData[]>
  /** Sends the last values of this process to the primary, where they go on to count. Never rejects. */
  report(): Promise<void>
}

/** Adds a page of this process. */
export function shareMetrics(link: WorkerLink, read: ReadMetrics): WorkerMetrics {
  const part = numberPart(link, METRICS_CHANNEL, read)
  return {
    async collect() {
      return (await link.request(METRICS_CHANNEL, { part } satisfies MetricsRequest)) as readonly CollectedData[]
    },
    async report() {
      try {
        const report: MetricsReport = { part, metrics: await read() }
        // A response shows that the values arrived before the process ends.
        await link.request(METRICS_CHANNEL, report, { timeoutMs: REPORT_MS })
      } catch {
        // The values of the last collection go on to count. Metrics of the program may fail, as what they read has closed.
      }
    },
  }
}
