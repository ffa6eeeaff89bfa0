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
  #timeMs = 0
  #timeText = ''
  #bindings = ''
  #escapedBindings = ''

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

  /** @param fields as from {@link fieldsText} */
  write(level: number, fields: string, message: string): void {
    const stream = this.#log[this.#format.symbols.streamSym] as { write(line: string): void }
    stream.write(`${this.#line(level, this.#time(), fields)},"msg":"${message}"}\n`)
  }

  #line(level: number, time: string, fields: string): string {
    const levels = this.#log[this.#format.symbols.lsCacheSym] as Readonly<Record<number, string>>
    return levels[level] + time + this.#bindingsText() + fields
  }

  #bindingsText(): string {
    const bindings = this.#log[this.#format.symbols.chindingsSym] as string
    if (bindings !== this.#bindings) {
      this.#bindings = bindings
      this.#escapedBindings = escapeJsonControls(bindings)
    }
    return this.#escapedBindings
  }

  /** Most lines have the time of the one before. */
  #time(): string {
    const now = Date.now()
    if (now !== this.#timeMs) {
      this.#timeMs = now
      this.#timeText = `,"time":${now}`
    }
    return this.#timeText
  }

  /** Asks pino, which knows all of its settings. */
  #isExactFor(sample: object): boolean {
    if (this.#log.msgPrefix !== undefined) return false
    const [level, time] = [30, ',"time":1']
    const format = this.#log[this.#format.symbols.asJsonSym] as PinoFormatter
    const ours = `${this.#line(level, time, fieldsText(sample))},"msg":"a"}\n`
    return escapeJsonControls(format.call(this.#log, sample, 'a', level, time)) === ours
  }
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
