/**
 * Spreads bursts of work over several turns of the event loop, so that a hundred thousand calls that end together do not block all
 * others. A small amount of work is done immediately, as by an ordinary call.
 */
import { warnOfFault } from './report-fault.ts'

/** Maximum of parts done per turn, of all work together: a few milliseconds if a part is the end of a call. */
export const MAX_PARTS_PER_TURN = 256

/** Work that consists of many short parts. */
export interface SlicedWork {
  /** Does the next part. An error that it throws becomes a process warning. Returns false after the last part, or without one. */
  doPart(): boolean
}

const floods: SlicedWork[] = []
let partsLeft = MAX_PARTS_PER_TURN
let isRunning = false
let isTurnAwaited = false

/** Does as much of the work in this turn as the limit allows, and the rest in later turns, first come, first served. */
export function runInSlices(work: SlicedWork): void {
  floods.push(work)
  if (!isRunning) runSlice()
}

/** Does all of the work immediately, for callers that must not wait. */
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

/** Contains errors, so that one part does not keep the others from running. */
function doPartOf(work: SlicedWork): boolean {
  try {
    return work.doPart()
  } catch (thrown) {
    warnOfFault(thrown)
    return true
  }
}
