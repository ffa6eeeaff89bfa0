/** Writes the fields of log lines, errors among them, for a person. */
import { printable, printableLines } from '../../wire/text/escape-controls.ts'

/** What needs no quotes to be told from its neighbours. */
const BARE = /^[^\s"'=]+$/

/**
 * Returns all fields but some, separated by spaces and on one line. Text that is not one word is quoted as in JSON; lists and objects
 * are JSON.
 */
export function fieldsText(entry: Readonly<Record<string, unknown>>, except: ReadonlySet<string>): string {
  return Object.entries(entry)
    .filter(([name, value]) => !except.has(name) && value !== undefined)
    .map(([name, value]) => printable(`${bareOrJson(name)}=${bareOrJson(value)}`))
    .join(' ')
}

function bareOrJson(value: unknown): string {
  return typeof value === 'string' && BARE.test(value) ? value : JSON.stringify(value)
}

/** An error may be its own cause. */
const MAX_DEPTH = 10

const SHOWN: ReadonlySet<string> = new Set(['type', 'message', 'stack', 'cause', 'aggregateErrors'])

/**
 * Returns the stack of an error, its other fields, and its causes.
 *
 * @param error the field `err` of a log line; anything else than an error is one line, undefined none
 */
export function errorLines(error: unknown, depth = 0): string[] {
  if (error === undefined || depth >= MAX_DEPTH) return []
  if (typeof error !== 'object' || error === null) return [printable(String(error))]
  const { type, message, stack, cause, aggregateErrors }: Readonly<Record<string, unknown>> = { ...error }
  const text = typeof stack === 'string' ? stack : `${String(type ?? 'Error')}: ${String(message ?? '')}`
  const fields = fieldsText({ ...error }, SHOWN)
  const inner = [...(Array.isArray(aggregateErrors) ? aggregateErrors : []), ...(cause === undefined ? [] : [cause])]
  return [
    ...printableLines(text).split('\n'),
    ...(fields === '' ? [] : [fields]),
    ...inner.flatMap((each) => causeLines(each, depth + 1)),
  ]
}

function causeLines(cause: unknown, depth: number): string[] {
  const [first, ...rest] = errorLines(cause, depth)
  return first === undefined ? [] : [`caused by ${first}`, ...rest]
}
