/** The signals of a process, and errors that nothing catches, after which its state is unknown. */
import { isatty } from 'node:tty'
import type { FastifyBaseLogger } from 'fastify'

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

/** What happens on SIGHUP. */
export interface HangupActions {
  /** Someone sent the signal to a running service. */
  onReload(): void
  /** The terminal of the process was closed. */
  onTerminalClosed(): void
}

/** The standard streams that may be on a terminal. */
const STANDARD_STREAMS = [0, 1, 2]

/**
 * Listens for SIGHUP for the rest of the process. The kernel sends it too when a terminal closes; then the standard streams that were
 * on the terminal at the start no longer are.
 */
export function onHangup(actions: HangupActions, isTerminal: (stream: number) => boolean = isatty): void {
  const onTerminal = STANDARD_STREAMS.filter(isTerminal)
  process.on('SIGHUP', () => {
    if (onTerminal.length > 0 && !onTerminal.some(isTerminal)) actions.onTerminalClosed()
    else actions.onReload()
  })
}

/** How much longer than the drain the end of a crashed process may take. */
const CRASH_MARGIN_MS = 1_000

/** What happens on a crash. */
export interface CrashActions {
  /** Receives a line for each uncaught error. */
  readonly log: FastifyBaseLogger
  /** Drains the server. Called once. */
  drain(): Promise<unknown>
  /** Ends the process with a failure. Called once, after the drain or when its time is up. */
  exit(): void
  /** How long calls may take to end, in milliseconds. */
  readonly drainTimeoutMs: number
}

/** Listens for uncaught exceptions and rejections for the rest of the process. Those during the drain are logged only. */
export function onCrash(actions: CrashActions): void {
  let isCrashing = false
  const onError = (error: unknown) => {
    report(actions.log, error)
    if (isCrashing) return
    isCrashing = true
    const timer = setTimeout(end, actions.drainTimeoutMs + CRASH_MARGIN_MS)
    function end(): void {
      clearTimeout(timer)
      actions.exit()
    }
    settled(actions.drain).then(end, end)
  }
  process.on('uncaughtException', onError).on('unhandledRejection', onError)
}

/** An error thrown here would end the process immediately. */
function report(log: FastifyBaseLogger, error: unknown): void {
  try {
    log.fatal({ err: error }, 'uncaught error; draining')
  } catch {
    // A logger that fails must not keep the drain from running.
  }
}

async function settled(drain: () => Promise<unknown>): Promise<void> {
  await drain()
}
