/** A call with one message each way. */
import type { Message } from '@bufbuild/protobuf'
import { runInCallScope } from '../../wire/call-scope.ts'
import { Call } from './call.ts'
import type { CallContext } from './call-context.ts'
import type { MethodEntry } from './method-table.ts'
import { runUnary } from './run-interceptors.ts'

/**
 * Gathers, decodes, handles, encodes and replies. Stays synchronous unless decompression, the handler or compression is
 * not: each `await` would cost a turn of the event loop.
 */
export class UnaryCall extends Call {
  onWritable(): void {}

  protected override receive(): void {
    if (!this.reader.pollOnly()) return
    const message = this.reader.take()
    if (message instanceof Promise) void this.#handleLater(message)
    else this.#handle(message)
  }

  async #handleLater(inflating: Promise<Message>): Promise<void> {
    try {
      const message = await inflating
      if (!this.isOver) this.#handle(message)
    } catch (thrown) {
      this.failHandler(thrown)
    }
  }

  #handle(message: Message): void {
    this.isRunning = true
    const output = runInCallScope(this.context, invoke, this.plan.entry, message, this.context)
    if (isThenable(output)) void this.#answerLater(output)
    else this.#answer(output)
  }

  async #answerLater(output: PromiseLike<unknown>): Promise<void> {
    try {
      this.#answer(await output)
    } catch (thrown) {
      this.failHandler(thrown)
    }
  }

  /** The handler counts as returned even if its message cannot be sent. */
  #answer(output: unknown): void {
    this.replyWith(output)
    this.settleHandler()
  }
}

function invoke(entry: MethodEntry, message: Message, context: CallContext): unknown {
  return entry.interceptors.length === 0 ? entry.implementation(message, context) : runUnary(entry, message, context)
}

/** Returns whether `await` would wait for a value. `instanceof` first, as it decides nearly every call. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
