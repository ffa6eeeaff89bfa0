/** Flushes all sessions of the process that have something to send, in one setImmediate. */
import { warnOfFault } from './report-fault.ts'

/** An object that collects output. */
export interface Flushable {
  /** Called once after {@link scheduleFlush}, at the end of the turn. May schedule itself again. */
  flush(): void
}

let dirty: Flushable[] = []
let flushing: Flushable[] = []

/** Schedules `flush` for the end of this turn of the event loop. The caller must not schedule twice. */
export function scheduleFlush(session: Flushable): void {
  if (dirty.push(session) === 1) setImmediate(flushAll)
}

function flushAll(): void {
  const sessions = dirty
  dirty = flushing
  flushing = sessions
  for (const session of sessions) flush(session)
  sessions.length = 0
}

/** Contains errors, so that one session does not keep the others from flushing. */
function flush(session: Flushable): void {
  try {
    session.flush()
  } catch (thrown) {
    warnOfFault(thrown)
  }
}
