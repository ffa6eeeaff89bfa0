/** What the page does when a call has ended. */
import type { CallStatus } from '../contracts/live-call.ts'
import type { SavedCall } from '../contracts/saved-call.ts'
import { recordCall } from '../saved/history.ts'
import { checkForNewApi } from '../session/session.ts'

/** Adds the call to the history. A server that does not know the method may have another API by now. */
export function recordEnd(saved: SavedCall, { code, httpStatus }: CallStatus, durationMs: number): void {
  if (code === 'UNIMPLEMENTED' || httpStatus === 404) void checkForNewApi()
  void recordCall(saved, { code, durationMs })
}
