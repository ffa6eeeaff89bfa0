/** Reports that endpoints are asked for apart from calls. */
import type { Subchannel } from '../../contracts/subchannel.ts'
import type { LoadReport } from '../../orca/load-report.ts'
import { watchLoad } from '../../orca/watch-load.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'

/** What an endpoint is asked on. */
interface Watch {
  readonly subchannel: Subchannel
  readonly intervalMs: number
  readonly stop: () => void
}

/** Asks each endpoint once, as long as it is wanted. */
export class OutOfBandReports {
  readonly #onReport: (child: EndpointChild, report: LoadReport) => void
  readonly #watches = new Map<EndpointChild, Watch>()

  constructor(onReport: (child: EndpointChild, report: LoadReport) => void) {
    this.#onReport = onReport
  }

  /** From now on these report, and no others; each as often as is said. */
  watch(ready: readonly EndpointChild[], intervalMs: number): void {
    const wanted = new Set(ready)
    for (const [child, { subchannel, ...watch }] of this.#watches) {
      if (wanted.has(child) && subchannel === child.subchannel && watch.intervalMs === intervalMs) continue
      watch.stop()
      this.#watches.delete(child)
    }
    for (const child of ready) this.#begin(child, intervalMs)
  }

  #begin(child: EndpointChild, intervalMs: number): void {
    const { subchannel } = child
    if (subchannel === null || this.#watches.has(child)) return
    const stop = watchLoad(subchannel, { intervalMs, onReport: (report) => this.#onReport(child, report) })
    this.#watches.set(child, { subchannel, intervalMs, stop })
  }
}
