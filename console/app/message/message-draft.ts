/** A request message while it is written: its JSON text is the source, which the form changes at paths. */
import { type DescMessage, type Message, type Registry, toJsonString } from '@bufbuild/protobuf'
import { batch, computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Analysis, analyseText, placed } from './check/analyse-text.ts'
import type { DraftFault } from './check/draft-fault.ts'
import { appendItem, type ParsedJson, removeValue, renameKey, setValue, swapItems } from './json/edit-json.ts'
import { type JsonPath, nodeAt } from './json/json-node.ts'
import { parseJson } from './json/parse-json.ts'
import { defaultMessageText } from './schema/default-text.ts'

/** Longer texts are checked when typing pauses. */
const MAX_CHECKED_AT_ONCE = 50_000
const PAUSE_MS = 250

export class MessageDraft {
  readonly schema: DescMessage
  readonly registry: Registry
  readonly text: Signal<string>
  /**
   * The message to send; null while the text or an input of the form has errors, or the text is too long to be checked at each keystroke and
   * still being typed.
   */
  readonly message: ReadonlySignal<Message | null>
  readonly faults: ReadonlySignal<readonly DraftFault[]>
  /** What the form shows: the last text that was checked; null while the text is not JSON. */
  readonly parsed: ReadonlySignal<ParsedJson | null>
  /** Whether a long text waits for a pause of typing. */
  readonly isPending: ReadonlySignal<boolean>

  readonly #isHeld = signal(false)
  #checked: Analysis = { parsed: null, faults: [], message: null }
  #pause: ReturnType<typeof setTimeout> | undefined
  /** Passes on what was typed into inputs of the form and waits there for a pause of typing. */
  readonly #waiting = new Set<() => void>()
  readonly #refusals = signal<readonly Refusal[]>([])

  /** @param text is the JSON to begin with. Default: a message without fields. */
  constructor(schema: DescMessage, registry: Registry, text?: string) {
    this.schema = schema
    this.registry = registry
    this.text = signal(withLineFeeds(text ?? defaultMessageText(schema)))
    const analysis = computed(() => this.#analyse())
    this.message = computed(() => (this.#refusals.value.length > 0 ? null : analysis.value.message))
    this.faults = computed(() => withRefusals(analysis.value, this.#refusals.value))
    this.parsed = computed(() => analysis.value.parsed)
    this.isPending = computed(() => this.#isHeld.value)
  }

  setText(text: string): void {
    batch(() => {
      this.settle()
      this.text.value = withLineFeeds(text)
    })
  }

  /** Takes the text of an editor at each keystroke. */
  typeText(typed: string): void {
    const text = withLineFeeds(typed)
    if (text === this.text.peek()) return
    if (text.length > MAX_CHECKED_AT_ONCE) this.#hold()
    this.text.value = text
  }

  /** @throws Error if it holds an `Any` of a type that the registry does not have */
  setMessage(message: Message): void {
    this.setText(toJsonString(this.schema, message, { registry: this.registry, prettySpaces: 2 }))
  }

  /** Takes over and checks now what was typed, without waiting for a pause of typing. */
  settle(): void {
    for (const pass of this.#waiting) {
      this.#waiting.delete(pass)
      pass()
    }
    clearTimeout(this.#pause)
    this.#isHeld.value = false
  }

  /** Calls `pass` before the message is used or changed otherwise. Returns what takes that back. */
  waitFor(pass: () => void): () => void {
    this.#waiting.add(pass)
    return () => this.#waiting.delete(pass)
  }

  /** Keeps the message from being sent while an input of the form has a text that is no value. Returns what ends that. */
  refuse(path: JsonPath, fault: string): () => void {
    const refusal = { path, fault }
    this.#refusals.value = [...this.#refusals.peek(), refusal]
    return () => {
      this.#refusals.value = this.#refusals.peek().filter((each) => each !== refusal)
    }
  }

  /** Puts a value, a JSON text, at a path. */
  set(path: JsonPath, value: string): void {
    this.#edit((json) => setValue(json, path, value))
  }

  remove(path: JsonPath): void {
    this.#edit((json) => removeValue(json, path))
  }

  append(path: JsonPath, value: string): void {
    this.#edit((json) => appendItem(json, path, value))
  }

  swap(path: JsonPath, one: number, other: number): void {
    this.#edit((json) => swapItems(json, path, one, other))
  }

  rename(path: JsonPath, key: string): void {
    this.#edit((json) => renameKey(json, path, key))
  }

  #edit(change: (json: ParsedJson) => string): void {
    this.settle()
    const json = this.parsed.peek()
    if (json !== null) this.text.value = change(json)
  }

  #analyse(): Analysis {
    const text = this.text.value
    if (this.#isHeld.value) return { parsed: this.#checked.parsed, faults: [], message: null }
    this.#checked = analyseText(this.schema, this.registry, text)
    // The form begins anew where there is no text at all.
    if (text.trim() === '') this.#checked = { ...this.#checked, parsed: this.#blank() }
    return this.#checked
  }

  #blank(): ParsedJson {
    const text = defaultMessageText(this.schema)
    return { text, root: parseJson(text) }
  }

  #hold(): void {
    this.#isHeld.value = true
    clearTimeout(this.#pause)
    this.#pause = setTimeout(() => this.settle(), PAUSE_MS)
  }
}

/** An input of the form with a text that is no value. */
interface Refusal {
  readonly path: JsonPath
  readonly fault: string
}

function withRefusals({ parsed, faults }: Analysis, refusals: readonly Refusal[]): readonly DraftFault[] {
  if (parsed === null || refusals.length === 0) return faults
  const refused = refusals.map(({ path, fault }) => {
    const { start } = nodeAt(parsed.root, path) ?? parsed.root
    return { path, message: fault, start, end: start + 1, severity: 'error' as const }
  })
  return [...placed(parsed.text, refused), ...faults]
}

/** Editors count a line break as one character. In JSON it is never part of a string. */
function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, '\n')
}
