/** The logger of the server: JSON lines on stdout, lines for people on a terminal, never a credential. */
import { isatty } from 'node:tty'
import type { Logger } from 'pino'
import { escapeJsonControls } from '../../wire/text/escape-controls.ts'
import { logLineFormatter } from '../terminal/format-log-line.ts'
import { paintFor, usesColor } from '../terminal/paint.ts'
import { BatchedOutput } from './batched-output.ts'
import { noteLineFormat } from './line-writer.ts'
import type { Pino } from './load-pino.ts'
import { isSecretHeader, REDACTED, redactHeaders, SECRET_HEADERS } from './redact-headers.ts'

/** What is logged, and in which shape. */
export interface LoggerOptions {
  /** The least severe level to write. It can be changed later: `logger.level = 'debug'`. */
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /** `auto`: pretty when the destination is a terminal, else JSON. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** The name of the program, in each line of JSON. Default: none. */
  readonly name?: string | undefined
  /** Returns fields to add to each line, as an object of its own. Default: none. */
  readonly mixin?: (() => object) | undefined
}

/** Receives whole lines with their line breaks, in order. It must not throw. */
export interface LogDestination {
  write(line: string): void
  /** Whether a person reads it on a terminal that shows colours; then `auto` is pretty. Default: false. */
  readonly isTTY?: boolean
}

/** A destination that writes in the background. */
export interface FlushedDestination extends LogDestination {
  /** Calls back when everything has been written, or has failed to be. */
  flush(done: (error?: Error) => void): void
}

const STDOUT = 1

/** Replaces a field whose getter throws: a call to log must not fail. */
const UNREADABLE = '[unreadable]'

/** The limit of output that waits for a slow reader of stdout. Lines beyond it are dropped, so that logs do not fill the memory. */
const MAX_WAITING_LENGTH = 16 * 1_024 * 1_024

/** What is written at once: the capacity of a pipe of Linux. */
const MAX_WRITE_LENGTH = 65_536

/**
 * Makes a logger that Fastify takes as its `loggerInstance`. It redacts credentials in headers anywhere in a line, child loggers
 * included; errors keep their causes; control characters are escaped in both shapes. Logging stops when the reader of stdout goes
 * away, and the process goes on. JSON for stdout is written in the background: `flush` waits for it, and so does a process that exits.
 *
 * @param pino the module, from `loadPino`
 * @param destination where lines go. Default: stdout
 */
export function createLogger(
  pino: Pino,
  { level, format, name, mixin }: LoggerOptions,
  destination?: LogDestination,
): Logger {
  const isTerminal = destination === undefined ? isatty(STDOUT) : destination.isTTY === true
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal)
  const output = destination ?? openStdout(pino, isPretty)
  const logger = pino.pino(
    {
      level,
      ...(name === undefined || isPretty ? {} : { name }),
      ...(mixin === undefined ? {} : { mixin }),
      serializers: { err: (error: Error) => serializeError(pino, error) },
      hooks: { streamWrite: escapeJsonControls },
      redact: { paths: [...SECRET_HEADERS.map((name) => `["${name}"]`), '*'], censor },
    },
    isPretty ? prettyDestination(output, isTerminal) : output,
  )
  // Redaction changes no field that is a text or a number, unless it has the name of a secret header.
  noteLineFormat(logger, { symbols: pino.symbols, mixin })
  return logger
}

/**
 * Receives each serialized field of a line: those of the list by their names, and the rest for `*`, without a name, to be searched for
 * headers.
 */
function censor(value: unknown, [name]: readonly unknown[]): unknown {
  if (typeof name === 'string' && isSecretHeader(name)) return REDACTED
  try {
    return redactHeaders(value)
  } catch {
    return UNREADABLE
  }
}

function serializeError({ stdSerializers }: Pino, error: Error): unknown {
  try {
    return stdSerializers.errWithCause(error)
  } catch {
    return UNREADABLE
  }
}

/**
 * Lines for a person appear at once, and before the process ends; the JSON of a turn of the event loop goes out together. `flush` waits
 * for the write under way only if there is a minimum length, and without that wait the end of the process would cut the write off.
 */
export function openStdout({ destination }: Pino, isSync: boolean): FlushedDestination {
  const limits = { dest: STDOUT, maxLength: MAX_WAITING_LENGTH }
  if (isSync) return destination({ ...limits, sync: true })
  return new BatchedOutput(destination({ ...limits, minLength: 1, maxWrite: MAX_WRITE_LENGTH }))
}

function prettyDestination(output: LogDestination, isTerminal: boolean): LogDestination {
  const format = logLineFormatter(paintFor(usesColor({ env: process.env, isTerminal })))
  return { write: (line) => output.write(format(line)) }
}
