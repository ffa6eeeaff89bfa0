/** Collects faults while a message is checked, and knows what the value at hand is called. */
import type { JsonNode, JsonPath, Span } from '../json/json-node.ts'
import type { DraftFault } from './draft-fault.ts'

/** Nobody reads more. */
const MAX_FAULTS = 200

/** A fault whose line is yet to be counted. */
export type FoundFault = Omit<DraftFault, 'line' | 'column'>

export class FaultReport {
  readonly faults: FoundFault[] = []
  /** The texts of numbers that a JavaScript number would round, or that protobuf-es does not read as they are written. */
  readonly exact = new Map<JsonNode, string>()
  readonly #path: (string | number)[] = []
  /** Where the names of fields are in the path, in contrast to keys of maps and indexes. */
  readonly #fieldSteps: number[] = []

  get path(): JsonPath {
    return [...this.#path]
  }

  /** What the value is called, such as `tags[2]`. */
  get label(): string {
    const from = this.#fieldSteps.at(-1)
    if (from === undefined) return this.#path.length === 0 ? 'The message' : labelOf(this.#path)
    return labelOf(this.#path.slice(from))
  }

  error(span: Span, message: string, below: JsonPath = []): void {
    this.#add(span, message, 'error', below)
  }

  hint(span: Span, message: string, below: JsonPath = []): void {
    this.#add(span, message, 'hint', below)
  }

  /** Checks what a field of a message holds. */
  inField(key: string, check: () => void): void {
    this.#fieldSteps.push(this.#path.length)
    this.inStep(key, check)
    this.#fieldSteps.pop()
  }

  /** Checks an item of a list or an entry of a map. */
  inStep(step: string | number, check: () => void): void {
    this.#path.push(step)
    check()
    this.#path.pop()
  }

  #add({ start, end }: Span, message: string, severity: DraftFault['severity'], below: JsonPath): void {
    if (this.faults.length >= MAX_FAULTS) return
    this.faults.push({ start, end, message, severity, path: [...this.#path, ...below] })
  }
}

function labelOf(steps: JsonPath): string {
  const [first, ...rest] = steps
  const inner = rest.map((step) => `[${typeof step === 'number' ? step : JSON.stringify(shorten(step))}]`)
  return `${typeof first === 'string' ? shorten(first) : `[${first}]`}${inner.join('')}`
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text
}
