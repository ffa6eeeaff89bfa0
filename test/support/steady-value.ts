/** Waits until something stops changing. */
import { setTimeout as sleep } from 'node:timers/promises'

const INTERVAL_MS = 500

/** Resolves with the number that is above zero and has not changed for half a second. */
export async function steadyValue(read: () => number | Promise<number>): Promise<number> {
  for (let previous = Number.NaN; ; ) {
    const current = await read()
    if (current === previous && current > 0) return current
    previous = current
    await sleep(INTERVAL_MS)
  }
}
