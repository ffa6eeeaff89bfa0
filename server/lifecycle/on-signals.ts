/** Turns SIGTERM and SIGINT into one drain, and a second signal into an end. */

/** What happens on signals. */
export interface SignalActions {
  /** The first signal. */
  onDrain(signal: NodeJS.Signals): void
  /** A second signal that is no echo of the first. */
  onForce(signal: NodeJS.Signals): void
}

/** npm and terminals deliver one Ctrl-C twice. */
const ECHO_MS = 1_000

/** What a shell shows for a process that a signal ended: 128 + its number. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** Listens for the two signals, for as long as the process lives. */
export function onSignals(actions: SignalActions, now: () => number = () => performance.now()): void {
  let firstAtMs: number | undefined
  const onSignal = (signal: NodeJS.Signals) => {
    if (firstAtMs === undefined) {
      firstAtMs = now()
      actions.onDrain(signal)
    } else if (now() - firstAtMs > ECHO_MS) actions.onForce(signal)
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
}
