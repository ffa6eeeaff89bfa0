/** A call with one message each way. */
import type { Message } from '@bufbuild/protobuf'
import { runInCallScope } from '../../wire/call-scope.ts'
import { Call } from './call.ts'
import type { CallContext } from './call-context.ts'
import type { MethodEntry } from './method-table.ts'
import { runUnary } from './run-interceptors.ts'

/** Straight on: gather, decode, handle, encode, one reply. Nothing waits that need not. */
export class UnaryCall extends Call {
  onReadable(): void {
    if (!this.isOver) this.receive()
  }

  onWritable(): void {}

  protected override receive(): void {
    let message: Message | Promise<Message>
    try {
      if (!this.reader.pollOnly()) return
      message = this.reader.take()
    } catch (error) {
      this.fail(error)
      return
    }
    if (message instanceof Promise) void this.#receiveLater(message)
    else this.#handle(message)
  }

  async #receiveLater(inflating: Promise<Message>): Promise<void> {
    let message: Message
    try {
      message = await inflating
    } catch (error) {
      this.fail(error)
      return
    }
    if (!this.isOver) this.#handle(message)
  }

  #handle(message: Message): void {
    let output: unknown
    this.isRunning = true
    try {
      output = runInCallScope(this.context, invoke, this.plan.entry, message, this.context)
    } catch (error) {
      this.fail(error)
      this.settleHandler()
      return
    }
    if (isThenable(output)) void this.#await(output)
    else this.#answer(output)
  }

  async #await(output: PromiseLike<unknown>): Promise<void> {
    let settled: unknown
    try {
      settled = await output
    } catch (error) {
      this.fail(error)
      this.settleHandler()
      return
    }
    this.#answer(settled)
  }

  #answer(output: unknown): void {
    this.replyWith(output)
    this.settleHandler()
  }
}

function invoke(entry: MethodEntry, message: Message, context: CallContext): unknown {
  return entry.interceptors.length === 0 ? entry.implementation(message, context) : runUnary(entry, message, context)
}

/** Whatever `await` would wait for. */
function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value instanceof Promise) return true
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
