/** Computes the state of a policy from those of its children. */
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'

/** Returns READY if any child is; else CONNECTING if any may become READY; else TRANSIENT_FAILURE (gRFC A61). */
export function aggregateState(states: readonly ConnectivityState[]): ConnectivityState {
  if (states.includes('READY')) return 'READY'
  return states.includes('CONNECTING') || states.includes('IDLE') ? 'CONNECTING' : 'TRANSIENT_FAILURE'
}
