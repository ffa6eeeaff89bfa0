/**
 * Formats the JSON lines of the log for a person:
 *
 *     21:40:44.123 ok        1.23 ms grpc     greeter.v1.GreeterService/SayHello
 *     21:40:44.456 not_found 0.41 ms connect  shop.v1.ShopService/GetOrder: no such order
 *     21:40:45.001 200       0.30 ms http     GET /about
 *     21:40:46.789 INFO      draining; a second signal ends the process immediately signal=SIGTERM drainTimeoutMs=25000
 *
 * Text in a line may come from a peer, so everything but the colours is escaped, and only the lines of a message or a stack start
 * new lines, indented, so that no text can pass for a line of its own.
 */
import { printable, printableLines } from '../../wire/text/escape-controls.ts'
import { errorLines, fieldsText } from './log-fields.ts'
import type { Paint, Painter } from './paint.ts'

type Entry = Readonly<Record<string, unknown>>

/** Wide enough for `not_found` and for most other codes. */
const STATUS_WIDTH = 9
const DURATION_WIDTH = 7
/** The width of `grpc-web`. */
const PROTOCOL_WIDTH = 8

const INDENT = '    '

const LEVELS: ReadonlyMap<unknown, readonly [name: string, color: keyof Paint]> = new Map([
  [10, ['TRACE', 'dim']],
  [20, ['DEBUG', 'dim']],
  [30, ['INFO', 'cyan']],
  [40, ['WARN', 'yellow']],
  [50, ['ERROR', 'red']],
  [60, ['FATAL', 'red']],
])

/** Fields of every line that say nothing to a person at a terminal. */
const COMMON = ['level', 'time', 'pid', 'hostname', 'msg'] as const

/** Fields of lines of calls and requests, which are shown in a place of their own or not at all. */
const OF_CALLS: ReadonlySet<string> = new Set([
  ...COMMON,
  ...['method', 'path', 'protocol', 'code', 'status', 'error', 'errorId', 'durationMs'],
  ...['receivedBytes', 'sentBytes', 'peer', 'httpVersion', 'reqId'],
])

const OF_OTHERS: ReadonlySet<string> = new Set([...COMMON, 'err'])

/**
 * Makes a formatter.
 *
 * @returns a function that takes a line as pino writes it, and returns one or more lines, each with its line break. Text that is not
 *   JSON is only escaped, and a line without message and fields is left out.
 */
export function logLineFormatter(paint: Paint): (line: string) => string {
  return (line) => {
    const entry = parse(line)
    if (entry === undefined) return `${printableLines(line.trimEnd())}\n`
    const text = callText(entry, paint) ?? entryText(entry, paint)
    return text === '' ? '' : `${paint.dim(timeOf(entry.time))} ${text}\n`
  }
}

function parse(line: string): Entry | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

/** Local time of day; dates matter in logs that are kept, which are JSON. */
function timeOf(time: unknown): string {
  const date = new Date(typeof time === 'number' ? time : Number.NaN)
  if (Number.isNaN(date.getTime())) return printable(String(time ?? '--:--:--.---'))
  const [hours, minutes, seconds] = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) =>
    padded(part, 2),
  )
  return `${hours}:${minutes}:${seconds}.${padded(date.getMilliseconds(), 3)}`
}

function padded(number: number, digits: number): string {
  return String(number).padStart(digits, '0')
}

/** The text of a line of the access log; undefined for other lines. */
function callText(entry: Entry, paint: Paint): string | undefined {
  const { msg, method, protocol, code, path, status, durationMs } = entry
  if (typeof durationMs !== 'number' || typeof method !== 'string') return undefined
  if (msg === 'call' && typeof code === 'string' && typeof protocol === 'string') {
    const color = paint[colorOfCode(code)]
    return columns(entry, { paint, color, outcome: code, protocol, target: method })
  }
  if (msg === 'request' && typeof status === 'number' && typeof path === 'string') {
    const color = paint[colorOfStatus(status)]
    return columns(entry, { paint, color, outcome: String(status), protocol: 'http', target: `${method} ${path}` })
  }
  return undefined
}

interface Columns {
  readonly paint: Paint
  readonly color: Painter
  readonly outcome: string
  readonly protocol: string
  readonly target: string
}

function columns(entry: Entry, { paint, color, outcome, protocol, target }: Columns): string {
  const duration = durationText(Number(entry.durationMs)).padStart(DURATION_WIDTH)
  const reason = reasonOf(entry)
  const rest = fieldsText(entry, OF_CALLS)
  return [
    color(printable(outcome).padEnd(STATUS_WIDTH)),
    duration,
    paint.dim(printable(protocol).padEnd(PROTOCOL_WIDTH)),
    `${printable(target)}${reason === '' ? '' : color(`: ${printable(reason)}`)}`,
    ...(rest === '' ? [] : [paint.dim(rest)]),
  ].join(' ')
}

/**
 * What went wrong. Connect's statuses follow from the codes, so they are shown only in place of a text. The error id leads to the line
 * of the error, which has its stack.
 */
function reasonOf({ msg, code, status, error, errorId }: Entry): string {
  const parts = [
    ...(msg === 'request' && typeof code === 'string' ? [code] : []),
    ...(typeof error === 'string' ? [error] : []),
    ...(msg === 'call' && error === undefined && typeof status === 'number' ? [`(HTTP ${status})`] : []),
    ...(typeof errorId === 'string' ? [`(error ${errorId})`] : []),
  ]
  return parts.join(' ')
}

/** A caller that leaves is no failure. */
function colorOfCode(code: string): keyof Paint {
  if (code === 'ok') return 'green'
  return code === 'canceled' ? 'yellow' : 'red'
}

function colorOfStatus(status: number): keyof Paint {
  if (status >= 500) return 'red'
  return status >= 400 ? 'yellow' : 'green'
}

/** Three digits and a unit, which is enough to compare calls. */
function durationText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`
  if (ms < 100) return `${ms.toFixed(1)} ms`
  if (ms < 1_000) return `${ms.toFixed(0)} ms`
  return `${(ms / 1_000).toFixed(ms < 100_000 ? 1 : 0)} s`
}

function entryText(entry: Entry, paint: Paint): string {
  const [name, color] = LEVELS.get(entry.level) ?? [`LEVEL ${printable(String(entry.level))}`, 'bold']
  const message = typeof entry.msg === 'string' ? indentedLines(entry.msg) : ''
  const rest = fieldsText(entry, OF_OTHERS)
  const errors = errorLines(entry.err)
  if (message === '' && rest === '' && errors.length === 0) return ''
  const head = [paint[color](name.padEnd(STATUS_WIDTH)), message, paint.dim(rest)].filter(hasText).join(' ')
  return [head, ...errors.map((line) => `${INDENT}${line}`)].join('\n')
}

function indentedLines(text: string): string {
  return printableLines(text).replaceAll('\n', `\n${INDENT}`)
}

function hasText(text: string): boolean {
  return text !== ''
}
