/** What ends a process: SIGTERM and SIGINT, which drain it, and errors that nothing catches, after which its state is unknown. */

/** What happens on signals. */
export interface SignalActions {
  /** The first signal arrived. */
  onDrain(signal: NodeJS.Signals): void
  /** A second signal arrived. */
  onForce(signal: NodeJS.Signals): void
}

/** npm and terminals deliver one Ctrl-C twice: signals within this time count as one. */
const ECHO_MS = 1_000

/** What a shell reports for a process that a signal ended: 128 + the number of the signal. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** Listens for SIGTERM and SIGINT for the rest of the process. */
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

/** What happens on a crash. */
export interface CrashActions {
  /** Reports an uncaught error. Called for each one. */
  log(error: unknown): void
  /** Drains the server. Called once. */
  drain(): Promise<unknown>
  /** Ends the process with a failure. Called once, after the drain or when its time is up. */
  exit(): void
  /** How long the drain may take, in milliseconds. */
  readonly timeoutMs: number
}

/** Listens for uncaught exceptions and rejections for the rest of the process. Those during the drain are logged only. */
export function onCrash(actions: CrashActions): void {
  let isCrashing = false
  const onError = (error: unknown) => {
    report(actions, error)
    if (isCrashing) return
    isCrashing = true
    const timer = setTimeout(end, actions.timeoutMs)
    function end(): void {
      clearTimeout(timer)
      actions.exit()
    }
    settled(actions.drain).then(end, end)
  }
  process.on('uncaughtException', onError).on('unhandledRejection', onError)
}

/** An error thrown here would end the process immediately. */
function report(actions: CrashActions, error: unknown): void {
  try {
    actions.log(error)
  } catch {
    // A logger that fails must not keep the drain from running.
  }
}

async function settled(drain: () => Promise<unknown>): Promise<void> {
  await drain()
}
