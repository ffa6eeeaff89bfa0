/** The metrics of a worker, and through its primary those of all. */

import { numberPart } from '../../workers/contracts/numbered-parts.ts'
import type { WorkerLink } from '../../workers/contracts/worker-link.ts'
import { METRICS_CHANNEL, type MetricsReport, type MetricsRequest } from './metrics-messages.ts'
import type { CollectedData } from './prometheus-registry.ts'

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
