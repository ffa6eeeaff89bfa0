/** One setImmediate flushes all sessions of the process that have something to send. */
import { warnOfFault } from './report-fault.ts'

/** Something that collects output. */
export interface Flushable {
  /** Called once after {@link scheduleFlush}, at the end of the turn. May schedule itself again. */
  flush(): void
}

let dirty: Flushable[] = []
let flushing: Flushable[] = []

/** Has `flush` called at the end of this turn of the event loop. The caller sees to it that it asks once. */
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

/** What one session throws must not keep the others waiting. */
function flush(session: Flushable): void {
  try {
    session.flush()
  } catch (thrown) {
    warnOfFault(thrown)
  }
}
