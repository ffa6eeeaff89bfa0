/** The state of a call before it is made: what the user has chosen and typed. */
import type { DescMethod, Registry } from '@bufbuild/protobuf'
import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { ConsoleFacts, ConsoleProtocol } from '../../../wire/console/console-facts.ts'
import type { CallInit } from '../contracts/live-call.ts'
import type { SavedCall } from '../contracts/saved-call.ts'
import { MessageDraft } from '../message/message-draft.ts'
import { variables } from '../saved/presets/environments.ts'
import { fillFields } from '../saved/presets/fill-variables.ts'
import { isSecretName } from '../saved/secret-names.ts'
import { takesOneRequest } from './engine/method-kind.ts'
import { parseDeadline } from './form/deadline.ts'
import { faultOfHeader, type HeaderRow, toFields } from './form/header-row.ts'
import { firstProtocol, refusalOf } from './protocols/protocol-facts.ts'

/** A call that is being written. */
export class CallForm {
  readonly method: DescMethod
  readonly draft: MessageDraft
  readonly protocol: Signal<ConsoleProtocol>
  /** Whether a method without side effects is called by GET; Connect only. */
  readonly usesGet: Signal<boolean> = signal(false)
  readonly headers: Signal<readonly HeaderRow[]> = signal([])
  readonly deadline: Signal<string> = signal('')
  /** The messages that a saved call of a stream has after that of the draft. */
  readonly otherMessages: Signal<readonly string[]> = signal([])
  /** What is wrong with the deadline, as a sentence; null if nothing is. */
  readonly deadlineFault: ReadonlySignal<string | null>
  /** What keeps the call from being made, as sentences. The message has faults of its own. */
  readonly faults: ReadonlySignal<readonly string[]>
  readonly #facts: ConsoleFacts
  #lastId = 0

  constructor(method: DescMethod, facts: ConsoleFacts, registry: Registry) {
    this.method = method
    this.#facts = facts
    this.draft = new MessageDraft(method.input, registry)
    this.protocol = signal(firstProtocol(method, facts) ?? 'grpc')
    this.deadlineFault = computed(() => faultOfDeadline(this.deadline.value))
    this.faults = computed(() => this.#findFaults())
  }

  addHeader(name = '', value = ''): void {
    this.#lastId += 1
    this.headers.value = [...this.headers.value, { id: this.#lastId, name, value }]
  }

  changeHeader(id: number, change: Partial<Pick<HeaderRow, 'name' | 'value'>>): void {
    this.headers.value = this.headers.value.map((row) => (row.id === id ? { ...row, ...change } : row))
  }

  removeHeader(id: number): void {
    this.headers.value = this.headers.value.filter((row) => row.id !== id)
  }

  /**
   * Returns what a call starts from.
   *
   * @throws RangeError if the form has faults
   */
  toInit(protocol: ConsoleProtocol = this.protocol.value): CallInit {
    return {
      method: this.method,
      protocol,
      usesGet: this.usesGet.value,
      headers: fillFields(toFields(this.headers.value), variables.value),
      timeoutMs: parseDeadline(this.deadline.value),
    }
  }

  /** Returns the call as it can be saved and linked, without secrets. */
  toSavedCall(): SavedCall {
    const timeoutMs = deadlineOrNone(this.deadline.value)
    return {
      method: `${this.method.parent.typeName}/${this.method.name}`,
      protocol: this.protocol.value,
      ...(this.usesGet.value && { usesGet: true }),
      headers: toFields(this.headers.value).map(([name, value]) => ({
        name,
        value: isSecretName(name) ? '' : value,
      })),
      ...(timeoutMs !== undefined && { timeoutMs }),
      messages: [this.draft.text.value, ...this.otherMessages.value],
    }
  }

  /** Takes over a saved call of the same method. */
  fromSavedCall(saved: SavedCall): void {
    this.protocol.value = saved.protocol
    this.usesGet.value = saved.usesGet ?? false
    this.headers.value = []
    for (const { name, value } of saved.headers) this.addHeader(name, value)
    this.deadline.value = saved.timeoutMs === undefined ? '' : `${saved.timeoutMs}ms`
    const [first = '{}', ...others] = saved.messages
    this.draft.setText(first)
    this.otherMessages.value = takesOneRequest(this.method) ? [] : others
  }

  /** Takes over all that another form of the method holds, secrets too, as after the API has been loaded again. */
  takeOver(other: CallForm): void {
    const { protocol, usesGet, headers, deadline, draft, otherMessages } = other
    this.protocol.value = protocol.peek()
    this.usesGet.value = usesGet.peek()
    this.headers.value = []
    for (const { name, value } of headers.peek()) this.addHeader(name, value)
    this.deadline.value = deadline.peek()
    draft.settle()
    this.draft.setText(draft.text.peek())
    this.otherMessages.value = takesOneRequest(this.method) ? [] : otherMessages.peek()
  }

  #findFaults(): readonly string[] {
    const refusal = refusalOf(this.protocol.value, this.method, this.#facts)
    const headers = this.headers.value.flatMap((row) => {
      const fault = faultOfHeader(row)
      return fault === null ? [] : [`${row.name === '' ? 'A header' : row.name}: ${fault}`]
    })
    return [refusal, ...headers, this.deadlineFault.value].filter((fault) => fault !== null)
  }
}

function deadlineOrNone(text: string): number | undefined {
  try {
    return parseDeadline(text)
  } catch {
    return undefined
  }
}

function faultOfDeadline(text: string): string | null {
  try {
    parseDeadline(text)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
