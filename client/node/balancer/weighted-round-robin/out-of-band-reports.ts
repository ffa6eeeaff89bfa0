/** Load reports that are requested apart from calls (out of band). */
import type { Subchannel } from '../../contracts/subchannel.ts'
import type { LoadReport } from '../../orca/load-report.ts'
import { watchLoad } from '../../orca/watch-load.ts'
import type { EndpointChild } from '../endpoint-children/endpoint-child.ts'

/** The subscription to an endpoint's reports. */
interface Watch {
  readonly subchannel: Subchannel
  readonly intervalMs: number
  readonly stop: () => void
}

/** Keeps one subscription per endpoint. */
export class OutOfBandReports {
  readonly #onReport: (child: EndpointChild, report: LoadReport) => void
  readonly #watches = new Map<EndpointChild, Watch>()

  constructor(onReport: (child: EndpointChild, report: LoadReport) => void) {
    this.#onReport = onReport
  }

  /** Subscribes to the reports of these endpoints only, at this interval. */
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
