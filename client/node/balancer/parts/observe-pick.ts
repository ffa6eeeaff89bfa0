/** Lets a policy observe the attempts that follow its picks. */
import type { AttemptOutcome, PickResult } from '../../contracts/picker.ts'

/** Observes one attempt. */
export interface AttemptObserver {
  /** The attempt was sent over the subchannel. */
  onStart?(): void
  /** The attempt has ended. Called after `onStart`. */
  onEnd(outcome: AttemptOutcome): void
}

/** Adds an observer to a result, before existing ones. Returns results without a subchannel unchanged. */
export function observePick(result: PickResult, observer: AttemptObserver): PickResult {
  if (result.kind !== 'complete') return result
  return {
    ...result,
    onStart() {
      observer.onStart?.()
      result.onStart?.()
    },
    onEnd(outcome) {
      observer.onEnd(outcome)
      result.onEnd?.(outcome)
    },
  }
}
