/** Loads what draws charts. */
import { backoffDelayMs, DEFAULT_BACKOFF } from '../../../../client/core/backoff.ts'
import { sleep } from '../../../../client/core/sleep.ts'

type PlotModule = typeof import('./chart-plot.ts')

/** Loads it, however long the server is away: charts are shown just then, too. Null if the signal aborts before. */
export async function loadPlot(signal: AbortSignal): Promise<PlotModule | null> {
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      return await import('./chart-plot.ts')
    } catch {
      await sleep(backoffDelayMs(DEFAULT_BACKOFF, failures, Math.random), signal)
    }
  }
  return null
}
