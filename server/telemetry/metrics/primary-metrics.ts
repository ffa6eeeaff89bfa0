/** One page of metrics for all workers: the primary collects the values of all processes. */
import type { MetricSource } from '../../../wire/telemetry/metrics/metric-registry.ts'
import type { PrimaryLink, WorkerHandle } from '../../workers/contracts/worker-link.ts'
import { growingOf, mergeMetrics, type ProcessMetrics } from './merge-metrics.ts'
import { processSources } from './process-sources.ts'
import { type CollectedData, PrometheusRegistry } from './prometheus-registry.ts'
import { METRICS_CHANNEL, type MetricsReport, type MetricsRequest } from './worker-metrics.ts'

/** The options of {@link servePrimaryMetrics}. */
export interface PrimaryMetricsOptions {
  /** How long a page waits for the values of a worker, in milliseconds. Default: 1,000. */
  readonly timeoutMs?: number
}

/** Collects the metrics of the workers that have some, and adds those of the primary. */
export function servePrimaryMetrics(link: PrimaryLink, { timeoutMs = 1_000 }: PrimaryMetricsOptions = {}): void {
  const pages = new Map<number, PageOfWorkers>()
  const counts = { ended: 0 }
  const pageOf = (part: number) => {
    const known = pages.get(part) ?? new PageOfWorkers({ part, link, counts, timeoutMs })
    pages.set(part, known)
    return known
  }
  link.onRequest(METRICS_CHANNEL, (request, worker) => {
    const { part, metrics } = request as MetricsRequest & Partial<MetricsReport>
    return metrics === undefined ? pageOf(part).collect() : pageOf(part).close(worker, metrics)
  })
  link.onEnd((worker) => {
    counts.ended += 1
    for (const page of pages.values()) page.end(worker)
  })
}

/** What a page works with. */
interface PageParts extends Required<PrimaryMetricsOptions> {
  /** The number of the page. */
  readonly part: number
  readonly link: PrimaryLink
  readonly counts: { readonly ended: number }
}

/** The metrics of a page, of all workers. */
class PageOfWorkers {
  readonly #parts: PageParts
  readonly #own = new PrometheusRegistry()
  /** The last values of each worker: they stand in for one that stalls, and are what is known of one that crashes. */
  readonly #last = new Map<WorkerHandle, readonly CollectedData[]>()
  readonly #closed = new WeakSet<WorkerHandle>()
  /** What the workers have counted that have ended. */
  #ended: readonly CollectedData[] = []
  #unanswered = 0
  #collecting: Promise<readonly CollectedData[]> | undefined

  constructor(parts: PageParts) {
    this.#parts = parts
    for (const source of [...processSources().sources, ...this.#sources]) this.#own.addSource(source)
  }

  /** Readers at the same time share a collection. */
  collect(): Promise<readonly CollectedData[]> {
    this.#collecting ??= this.#collect().finally(() => {
      this.#collecting = undefined
    })
    return this.#collecting
  }

  /** Keeps the last values of a worker. Its parts end now, so that it is not read again. */
  close(worker: WorkerHandle, metrics: readonly CollectedData[]): void {
    this.#last.set(worker, metrics)
    this.#closed.add(worker)
  }

  end(worker: WorkerHandle): void {
    const last = this.#last.get(worker)
    this.#last.delete(worker)
    if (last === undefined) return
    this.#ended = mergeMetrics([ended(this.#ended), ended(growingOf(last))])
  }

  async #collect(): Promise<readonly CollectedData[]> {
    const workers = this.#parts.link.workers().filter((worker) => !this.#closed.has(worker))
    const answered = await Promise.all(workers.map((worker) => this.#read(worker)))
    this.#unanswered = answered.filter((isAnswered) => !isAnswered).length
    const living = Array.from(this.#last, ([{ id }, metrics]) => ({ worker: String(id), metrics }))
    const primary = { worker: 'primary', metrics: this.#own.metrics.map((metric) => metric.get()) }
    return mergeMetrics([...living, primary, ended(this.#ended)])
  }

  /** Returns whether the worker answered in time. */
  async #read(worker: WorkerHandle): Promise<boolean> {
    const { part, timeoutMs } = this.#parts
    try {
      const metrics = await worker.request(METRICS_CHANNEL, { part }, { timeoutMs })
      const isOpen = this.#parts.link.workers().includes(worker) && !this.#closed.has(worker)
      if (isOpen) this.#last.set(worker, metrics as readonly CollectedData[])
      return true
    } catch {
      return false
    }
  }

  get #sources(): readonly MetricSource[] {
    return [
      {
        name: 'portico.server.workers',
        unit: '{worker}',
        description: 'Workers that run now, by whether they answered this collection in time',
        kind: 'gauge',
        read: (report) => {
          report(this.#parts.link.workers().length - this.#unanswered, { state: 'answered' })
          report(this.#unanswered, { state: 'stalled' })
        },
      },
      {
        name: 'portico.server.workers.ended',
        unit: '{worker}',
        description: 'Workers that have ended since the start',
        kind: 'counter',
        read: (report) => report(this.#parts.counts.ended),
      },
    ]
  }
}

function ended(metrics: readonly CollectedData[]): ProcessMetrics {
  return { worker: '', metrics }
}
