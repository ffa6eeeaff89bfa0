/** Ends a process that runs servers: after a drain on a signal, after a crash, or immediately on a second signal. */
import type { FastifyBaseLogger } from 'fastify'
import { onCrash, onHangup, onSignals, SIGNAL_EXIT_CODES } from './process-events.ts'

const EXIT_FAILURE = 1

/** How long the last log lines may take to be written. */
const FLUSH_MS = 1_000

/** The part of a server that its process needs. */
export interface OwnedServer {
  /** @returns whether all calls ended by themselves */
  drain(delayMs?: number): Promise<boolean>
  /** Reads certificates, policies and the like again. Never rejects. */
  reload(): Promise<unknown>
}

/** The options of a process. */
export interface OwnedProcess {
  /** How long to accept calls after a signal, in milliseconds. */
  readonly drainDelayMs: number
  /** How long calls may take to end, in milliseconds. */
  readonly drainTimeoutMs: number
}

/** The servers of this process that have not stopped. The last one to stop ends the process, so that each can drain. */
const running = new Set<OwnedServer>()
let worstExitCode = 0

/**
 * Drains on signals and after a crash, and then ends the process once its other servers have stopped too. Reloads on SIGHUP, unless that
 * means that the terminal of the process was closed, which drains as SIGTERM does.
 */
export function ownProcess(server: OwnedServer, log: FastifyBaseLogger, options: OwnedProcess): void {
  const { drainDelayMs, drainTimeoutMs } = options
  let hasCrashed = false
  running.add(server)
  onSignals({
    onDrain(signal) {
      log.info({ signal, drainTimeoutMs }, 'draining; a second signal ends the process immediately')
      server.drain(drainDelayMs).then((isClean) => stop(isClean && !hasCrashed ? 0 : EXIT_FAILURE), stopFailed)
    },
    onForce: (signal) => exit(SIGNAL_EXIT_CODES[signal as keyof typeof SIGNAL_EXIT_CODES]),
  })
  onCrash({
    log,
    drainTimeoutMs,
    drain() {
      hasCrashed = true
      return server.drain()
    },
    exit: () => stop(EXIT_FAILURE),
  })
  onHangup({
    onReload: () => void server.reload(),
    onTerminalClosed: () => process.kill(process.pid, 'SIGTERM'),
  })

  function stopFailed(error: unknown): void {
    log.error({ err: error }, 'the drain failed')
    stop(EXIT_FAILURE)
  }

  /** Called twice if a crash meets a drain. */
  function stop(code: number): void {
    worstExitCode = Math.max(worstExitCode, code)
    if (!running.delete(server)) return
    if (running.size === 0) exit(worstExitCode)
    else log.info({ code }, 'stopped')
  }

  function exit(code: number): void {
    log.info({ code }, 'stopped')
    exitProcess(log, () => Math.max(code, worstExitCode))
  }
}

/** Ends the process with an exit code that is read once the log is written, or after a second. */
export function exitProcess(log: FastifyBaseLogger, code: () => number): void {
  const leave = () => process.exit(code())
  // A reader of the log that has stopped reading must not keep the process alive.
  setTimeout(leave, FLUSH_MS)
  flush(log, leave)
}

/** Loggers of programs may have no `flush`, or one without a callback. */
function flush(log: FastifyBaseLogger, done: () => void): void {
  const { flush } = log as { readonly flush?: (done: () => void) => void }
  if (flush === undefined) done()
  else flush.call(log, done)
}
