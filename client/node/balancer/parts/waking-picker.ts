/** The picker of a policy that is IDLE. */
import { type Picker, QUEUE } from '../../contracts/picker.ts'

/** Queues calls, and lets the first of them wake the policy. */
export function wakingPicker(sleeper: { exitIdle(): void }): Picker {
  let isAwake = false
  return {
    pick() {
      // Not from within the pick: its answer comes before the state that follows from it.
      if (!isAwake) queueMicrotask(() => sleeper.exitIdle())
      isAwake = true
      return QUEUE
    },
  }
}
