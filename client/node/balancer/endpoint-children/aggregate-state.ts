/** How a policy as a whole is doing. */
import type { ConnectivityState } from '../../contracts/connectivity-state.ts'

/** READY if anything is; else CONNECTING if anything might become so; else TRANSIENT_FAILURE (gRFC A61). */
export function aggregateState(states: readonly ConnectivityState[]): ConnectivityState {
  if (states.includes('READY')) return 'READY'
  return states.includes('CONNECTING') || states.includes('IDLE') ? 'CONNECTING' : 'TRANSIENT_FAILURE'
}
