/** Lets a policy see the attempts that its picks lead to. */
import type { AttemptOutcome, PickResult } from '../../contracts/picker.ts'

/** Told of one attempt. */
export interface AttemptObserver {
  /** It was sent over the subchannel. */
  onStart?(): void
  /** It has ended; after `onStart`. */
  onEnd(outcome: AttemptOutcome): void
}

/** The same result, with the observer told before those who were already. What is no subchannel stays as it is. */
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
