/**
 * Writes lines of our own loggers from fields that are JSON already. pino's way through serializers, redaction and formatters takes
 * several microseconds, as long as a call.
 */
import type { FastifyBaseLogger } from 'fastify'
import type { Logger } from 'pino'
import { escapeJsonControls } from '../../wire/text/escape-controls.ts'
import type { Pino } from './load-pino.ts'

/** What a logger adds to the fields of a line. */
interface LineFormat {
  readonly symbols: Pino['symbols']
  readonly mixin: (() => object) | undefined
}

/** The state of a logger, which may change at any time. pino's symbols are its interface for other libraries. */
interface LoggerState {
  readonly levelVal: number
  readonly msgPrefix: string | undefined
  readonly [symbol: symbol]: unknown
}

type PinoFormatter = (this: LoggerState, fields: object, message: string, level: number, time: string) => string

const formats = new WeakMap<object, LineFormat>()

/** Lets {@link LineWriter} write for a logger, and for children of it whose settings change nothing in the lines. */
export function noteLineFormat(logger: Logger, format: LineFormat): void {
  formats.set(logger, format)
}

/** Honours the level of the logger, its bindings and its destination, as they are at each line. */
export class LineWriter {
  readonly #log: LoggerState
  readonly #format: LineFormat
  #level = ''
  #timeMs = Number.NaN
  #bindings = ''
  #beginning = ''

  private constructor(log: LoggerState, format: LineFormat) {
    this.#log = log
    this.#format = format
  }

  /**
   * @param sample has all fields that lines may have, with values of their types
   * @returns null for a logger that writes such fields in another way: one of the program, or a child with serializers
   */
  static of(log: FastifyBaseLogger, sample: object): LineWriter | null {
    const format = formatOf(log)
    if (format === undefined) return null
    const writer = new LineWriter(log as unknown as LoggerState, format)
    return writer.#isExactFor(sample) ? writer : null
  }

  /** Whether lines of this level are written. */
  isEnabled(level: number): boolean {
    return level >= this.#log.levelVal
  }

  /** Returns the fields that the logger adds to each line; null for none. */
  addedFields(): object | null {
    const { mixin } = this.#format
    if (mixin === undefined) return null
    const fields = mixin()
    for (const _name in fields) return fields
    return null
  }

  /** @param rest of the line: the fields, as from {@link fieldsText}, and {@link lineEnd} */
  write(level: number, rest: string): void {
    const stream = this.#log[this.#format.symbols.streamSym] as { write(line: string): void }
    stream.write(this.#beginningOf(level, Date.now()) + rest)
  }

  /** Level, time and bindings are most often those of the line before. */
  #beginningOf(level: number, timeMs: number): string {
    const { lsCacheSym, chindingsSym } = this.#format.symbols
    const levelText = (this.#log[lsCacheSym] as Readonly<Record<number, string>>)[level] as string
    const bindings = this.#log[chindingsSym] as string
    if (timeMs !== this.#timeMs || levelText !== this.#level || bindings !== this.#bindings) {
      this.#level = levelText
      this.#timeMs = timeMs
      this.#bindings = bindings
      this.#beginning = `${levelText},"time":${timeMs}${escapeJsonControls(bindings)}`
    }
    return this.#beginning
  }

  /** Asks pino, which knows all of its settings. */
  #isExactFor(sample: object): boolean {
    if (this.#log.msgPrefix !== undefined) return false
    const [level, timeMs] = [30, 1]
    const format = this.#log[this.#format.symbols.asJsonSym] as PinoFormatter
    const ours = this.#beginningOf(level, timeMs) + fieldsText(sample) + lineEnd('a')
    return escapeJsonControls(format.call(this.#log, sample, 'a', level, `,"time":${timeMs}`)) === ours
  }
}

/** Returns what follows the fields. The message has nothing to escape. */
export function lineEnd(message: string): string {
  return `,"msg":"${message}"}\n`
}

/** Returns fields with texts and numbers as in a line, each with a comma before it. Control characters are escaped. */
export function fieldsText(fields: object): string {
  let text = ''
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) text += `,${JSON.stringify(name)}:${JSON.stringify(value)}`
  }
  return escapeJsonControls(text)
}

/** Fastify makes children of the logger that it is given. */
function formatOf(log: object): LineFormat | undefined {
  for (let at: object | null = log; at !== null; at = Object.getPrototypeOf(at)) {
    const format = formats.get(at)
    if (format !== undefined) return format
  }
  return undefined
}
