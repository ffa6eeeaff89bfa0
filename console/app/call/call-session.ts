/** A method on the page: its form, and the call that runs or has run. */
import type { DescMessage, Message, Registry } from '@bufbuild/protobuf'
import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { CallStatus } from '../contracts/live-call.ts'
import type { SavedCall } from '../contracts/saved-call.ts'
import { variables } from '../saved/presets/environments.ts'
import { fillMessage } from '../saved/presets/fill-variables.ts'
import type { CallForm } from './call-form.ts'
import { takesOneRequest } from './engine/method-kind.ts'
import type { RunningCall } from './engine/running-call.ts'
import type { ManySender, SendMessage } from './sending/many-sender.ts'
import { type CallContext, startCall } from './start-call.ts'

/** How many of the messages that were sent go into the history. */
const MAX_RECORDED_MESSAGES = 100

/** What a session needs of the page. */
export interface CallPage {
  /** Returns the setting of calls; null while the API of the server is not known. */
  context(): CallContext | null
  /** Takes a call that has ended. */
  onEnd(saved: SavedCall, status: CallStatus, durationMs: number): void
}

/** Makes calls from a form, one at a time. */
export class CallSession implements ManySender {
  readonly form: CallForm
  /** Why the last attempt to send failed before it reached the server; null if it did not. */
  readonly fault: Signal<string | null> = signal(null)
  /** The text of the link that the form was last filled in from; null for none. */
  link: string | null = null
  readonly #call: Signal<RunningCall | null> = signal(null)
  readonly #page: CallPage
  #starting: Promise<RunningCall> | null = null
  /** How often the user has left the page of the method. */
  #leaves = 0
  #sentTexts: string[] = []

  constructor(form: CallForm, page: CallPage) {
    this.form = form
    this.#page = page
  }

  /** The latest call, which may have ended; null if there was none. */
  get call(): ReadonlySignal<RunningCall | null> {
    return this.#call
  }

  get schema(): DescMessage {
    return this.form.method.input
  }

  get registry(): Registry {
    return this.form.draft.registry
  }

  draftText(): string {
    return this.form.draft.text.peek()
  }

  /** Returns the call that runs, or starts one. */
  async open(): Promise<RunningCall> {
    const current = this.#call.peek()
    if (current !== null && current.state.peek() !== 'ended') return current
    this.#starting ??= this.#start().finally(() => {
      this.#starting = null
    })
    return await this.#starting
  }

  /** Sends the message of the form, and starts a call for it if none runs. Faults are shown, not thrown. */
  async sendDraft(): Promise<void> {
    if (takesOneRequest(this.form.method) && this.#isBusy) return
    const { message, text } = this.form.draft
    this.form.draft.settle()
    const request = message.peek()
    if (request === null) {
      this.fault.value = 'The message has faults.'
      return
    }
    await this.#guard(async () => {
      const send = await this.openSender()
      await send(request, text.peek())
    })
  }

  /** Starts a stream without a message. */
  async openStream(): Promise<void> {
    await this.#guard(() => this.open())
  }

  async openSender(): Promise<SendMessage> {
    const call = await this.open()
    return (message, text) => this.#send(call, message, text)
  }

  /** Ends what runs, or is about to, when the user leaves the page of the method. */
  leave(): void {
    this.#leaves += 1
    this.#call.peek()?.cancel()
  }

  /** Forgets a call that has ended, with its messages. */
  forgetCall(): void {
    if (this.#call.peek()?.state.peek() === 'ended') this.#call.value = null
  }

  get #isBusy(): boolean {
    const call = this.#call.peek()
    return this.#starting !== null || (call !== null && call.state.peek() !== 'ended')
  }

  async #send(call: RunningCall, message: Message, text: string): Promise<void> {
    if (this.#sentTexts.length < MAX_RECORDED_MESSAGES) this.#sentTexts.push(text)
    await call.send(fillMessage(this.schema, message, variables.peek()))
  }

  async #guard(action: () => Promise<unknown>): Promise<void> {
    this.fault.value = null
    try {
      await action()
    } catch (error) {
      // A call that has ended says itself why.
      if (this.#call.peek()?.status.peek() == null)
        this.fault.value = error instanceof Error ? error.message : String(error)
    }
  }

  async #start(): Promise<RunningCall> {
    const context = this.#page.context()
    if (context === null) throw new Error('The page does not know the API yet.')
    const [fault] = this.form.faults.peek()
    if (fault !== undefined) throw new Error(fault)
    const leaves = this.#leaves
    const call = await startCall(this.form.toInit(), context)
    if (leaves !== this.#leaves) call.cancel()
    this.#sentTexts = []
    this.#call.value = call
    void this.#record(call, this.form.toSavedCall())
    return call
  }

  async #record(call: RunningCall, saved: SavedCall): Promise<void> {
    const status = await call.ended
    const messages = takesOneRequest(this.form.method) ? saved.messages : [...this.#sentTexts]
    this.#page.onEnd({ ...saved, messages }, status, call.counts.peek().endMs ?? 0)
  }
}
