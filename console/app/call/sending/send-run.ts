/** Sends many messages one after the other, as fast as the transport takes them or at intervals. */
import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import type { MessageText } from './split-messages.ts'

/** How far a run is. */
export interface SendProgress {
  readonly state: 'running' | 'done' | 'stopped' | 'failed'
  readonly sent: number
  /** Null for no limit. */
  readonly total: number | null
  /** What ended a run that has failed; null for others. */
  readonly fault: string | null
}

/** What a run sends, and how. */
export interface SendPlan {
  /** Returns the message with an index, from 0; null after the last one. */
  messageAt(index: number): MessageText | null
  readonly total: number | null
  /** Between the starts of two messages. 0: no wait but for the transport. */
  readonly intervalMs: number
  /** Sends a message, and resolves when the transport has taken it. Rejects for an invalid one. */
  send(text: string): Promise<void>
}

/** Messages on their way. */
export class SendRun {
  readonly #plan: SendPlan
  readonly #progress: Signal<SendProgress>
  #isStopped = false
  #wake: (() => void) | null = null

  constructor(plan: SendPlan) {
    this.#plan = plan
    this.#progress = signal({ state: 'running', sent: 0, total: plan.total, fault: null })
    void this.#run()
  }

  get progress(): ReadonlySignal<SendProgress> {
    return this.#progress
  }

  stop(): void {
    this.#isStopped = true
    this.#wake?.()
  }

  async #run(): Promise<void> {
    let dueMs = performance.now()
    for (let index = 0; !this.#isStopped; index++) {
      const message = this.#plan.messageAt(index)
      if (message === null) return this.#finish('done')
      try {
        await this.#plan.send(message.text)
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        return this.#finish('failed', `Line ${message.line}: ${reason}`)
      }
      this.#progress.value = { ...this.#progress.peek(), sent: index + 1 }
      // Measured from when a message was due, so that waits do not add up. What a slow transport or a page at rest has missed is not made up for.
      dueMs = Math.max(dueMs + this.#plan.intervalMs, performance.now())
      await this.#waitUntil(dueMs)
    }
    this.#finish('stopped')
  }

  async #waitUntil(atMs: number): Promise<void> {
    const delayMs = atMs - performance.now()
    if (this.#isStopped || delayMs <= 0) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = null
  }

  #finish(state: SendProgress['state'], fault: string | null = null): void {
    this.#progress.value = { ...this.#progress.peek(), state, fault }
  }
}
