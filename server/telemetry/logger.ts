/** The logger of the server: JSON lines on stdout, readable ones on a terminal, never a credential. */
import { isatty } from 'node:tty'
import { type Logger, destination as openDestination, pino, stdSerializers } from 'pino'
import { prettyFactory } from 'pino-pretty'
import { escapeJsonControls, withEscapedControls } from './escape-controls.ts'
import { isSecretHeader, REDACTED, redactHeaders, SECRET_HEADERS } from './redact-headers.ts'

/** What is logged, and in which shape. */
export interface LoggerOptions {
  /** The least severe level to write. It can be changed later: `logger.level = 'debug'`. */
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
  /** `auto`: pretty when the destination is a terminal, else JSON. */
  readonly format: 'auto' | 'json' | 'pretty'
}

/** Takes whole lines, each with its line break. A logger calls it in the order of the lines and expects no error of it. */
export interface LogDestination {
  write(line: string): void
  /** Whether a person reads it on a terminal that shows colours; then `auto` is pretty. Default: false. */
  readonly isTTY?: boolean
}

const STDOUT = 1

/** What stands in a line in place of a field with a getter that throws: a call to log must not fail. */
const UNREADABLE = '[unreadable]'

/** What may wait for a reader of stdout that is slow. A line beyond that is dropped: logs must not take the memory. */
const MAX_WAITING_LENGTH = 16 * 1_024 * 1_024

/**
 * Makes a logger that Fastify takes as its `loggerInstance`. Credentials in headers are replaced wherever in a line they
 * are, also in those of child loggers; errors keep their causes. Control characters are escaped in lines of either shape. A reader of stdout that goes away ends the logging and
 * not the process. JSON for stdout is written in the background: `flush` waits for it, and leaving the process does too.
 *
 * @param destination where lines go. Default: stdout
 */
export function createLogger({ level, format }: LoggerOptions, destination?: LogDestination): Logger {
  const isTerminal = destination === undefined ? isatty(STDOUT) : destination.isTTY === true
  const isPretty = format === 'pretty' || (format === 'auto' && isTerminal)
  const output = destination ?? openStdout(isPretty)
  return pino(
    {
      level,
      serializers: { err: serializeError },
      hooks: { streamWrite: escapeJsonControls },
      redact: { paths: [...SECRET_HEADERS.map((name) => `["${name}"]`), '*'], censor },
    },
    isPretty ? prettyDestination(output, isTerminal && !process.env.NO_COLOR) : output,
  )
}

/**
 * Is given every field of a line once it is serialized: by name those of the list, and the rest for `*`, under no name
 * of theirs, so that they are looked into.
 */
function censor(value: unknown, [name]: readonly unknown[]): unknown {
  if (typeof name === 'string' && isSecretHeader(name)) return REDACTED
  try {
    return redactHeaders(value)
  } catch {
    return UNREADABLE
  }
}

function serializeError(error: Error): unknown {
  try {
    return stdSerializers.errWithCause(error)
  } catch {
    return UNREADABLE
  }
}

/**
 * A person at a terminal sees each line at once, and before the process ends; for machines lines go out in batches. Only with
 * a length to wait for does `flush` call back behind the write that is under way, which the end of the process would cut off.
 */
function openStdout(isSync: boolean): LogDestination {
  return openDestination({ dest: STDOUT, sync: isSync, maxLength: MAX_WAITING_LENGTH, minLength: isSync ? 0 : 1 })
}

function prettyDestination(output: LogDestination, colorize: boolean): LogDestination {
  const prettify = withEscapedControls(
    prettyFactory({ colorize, translateTime: 'SYS:HH:MM:ss.l', ignore: 'pid,hostname' }),
  )
  return { write: (line) => output.write(prettify(line)) }
}
