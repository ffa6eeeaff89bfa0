/** The picker of a policy that is IDLE. */
import { type Picker, QUEUE } from '../../contracts/picker.ts'

/** Queues calls. The first one wakes the policy. */
export function wakingPicker(sleeper: { exitIdle(): void }): Picker {
  let isAwake = false
  return {
    pick() {
      // In a microtask, as the result of the pick must come before the new state.
      if (!isAwake) queueMicrotask(() => sleeper.exitIdle())
      isAwake = true
      return QUEUE
    },
  }
}
