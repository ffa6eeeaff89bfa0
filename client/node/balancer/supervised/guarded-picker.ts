/** Contains the errors of foreign pickers. */
import { Code, ConnectError } from '@connectrpc/connect'
import type { GuardedEdge } from '../../base/guarded-edge.ts'
import { connectErrorOf } from '../../base/thrown.ts'
import type { AttemptOutcome, PickedSubchannel, Picker, PickResult } from '../../contracts/picker.ts'
import type { Subchannel } from '../../contracts/subchannel.ts'

/** Calls fail with UNAVAILABLE if the picker throws, or returns an invalid `PickResult`. */
export function guardedPicker(picker: Picker, edge: GuardedEdge): Picker {
  return {
    pick(call) {
      try {
        return guardedResult(picker.pick(call), edge)
      } catch (thrown) {
        edge.report(thrown)
        return { kind: 'fail', error: connectErrorOf(thrown, Code.Unavailable, 'the picker failed: ') }
      }
    },
  }
}

/** Guards the callbacks of a result. Most results have none, and are returned unchanged. */
function guardedResult(result: PickResult, edge: GuardedEdge): PickResult {
  if (result.kind === 'complete' && isObject(result.subchannel)) {
    const hasCallbacks = result.onStart !== undefined || result.onEnd !== undefined
    return hasCallbacks ? new GuardedPick(result, edge) : result
  }
  const isFailure = result.kind === 'fail' || result.kind === 'drop'
  if (result.kind === 'queue' || (isFailure && result.error instanceof ConnectError)) return result
  throw new TypeError('the result of the picker is not a PickResult')
}

/** Guards the callbacks, which run within a call. */
class GuardedPick implements PickedSubchannel {
  readonly kind = 'complete'
  readonly subchannel: Subchannel
  readonly #picked: PickedSubchannel
  readonly #edge: GuardedEdge

  constructor(picked: PickedSubchannel, edge: GuardedEdge) {
    this.subchannel = picked.subchannel
    this.#picked = picked
    this.#edge = edge
  }

  onStart(): void {
    this.#edge.call(() => this.#picked.onStart?.(), ignore)
  }

  onEnd(outcome: AttemptOutcome): void {
    this.#edge.call(() => this.#picked.onEnd?.(outcome), ignore)
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function ignore(): void {}
