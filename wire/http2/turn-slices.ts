/**
 * Spreads work that can come in floods over turns of the event loop, so that a hundred thousand calls that end at once do not
 * keep all others waiting. Little work is done at once, as if it had been called.
 */
import { warnOfFault } from './report-fault.ts'

/** How many parts of all floods together are done in one turn: a few milliseconds, if a part is the end of a call. */
export const MAX_PARTS_PER_TURN = 256

/** Work of many short parts. */
export interface SlicedWork {
  /** Does the next part. What it throws becomes a warning of the process. Returns false when it has done the last one, or found none. */
  doPart(): boolean
}

const floods: SlicedWork[] = []
let partsLeft = MAX_PARTS_PER_TURN
let isRunning = false
let isTurnAwaited = false

/** Does the work in this turn as far as its share goes, and the rest in the next ones; what came first is done first. */
export function runInSlices(work: SlicedWork): void {
  floods.push(work)
  if (!isRunning) runSlice()
}

/** Does all of the work now, for those who must not wait for it. */
export function runAtOnce(work: SlicedWork): void {
  while (doPartOf(work));
}

function runSlice(): void {
  isRunning = true
  for (let work = floods[0]; work !== undefined && partsLeft > 0; work = floods[0]) {
    partsLeft--
    if (!doPartOf(work)) floods.shift()
  }
  isRunning = false
  if (!isTurnAwaited) setImmediate(onNextTurn)
  isTurnAwaited = true
}

function onNextTurn(): void {
  isTurnAwaited = false
  partsLeft = MAX_PARTS_PER_TURN
  if (floods.length > 0) runSlice()
}

/** What one part throws must not keep the others waiting. */
function doPartOf(work: SlicedWork): boolean {
  try {
    return work.doPart()
  } catch (thrown) {
    warnOfFault(thrown)
    return true
  }
}
