/** A greeter that follows commands of its caller, and records what it saw, so that two servers can be compared. */
import { Code, ConnectError, type ConnectRouter, type HandlerContext } from '@connectrpc/connect'
import { GreeterService, SayHelloResponseSchema } from '../../../gen/greeter/v1/greeter_pb.js'
import { untilAborted } from '../until-aborted.ts'

/** The prefix of every error that the service means to reveal. */
export const SAID = 'the service says'

/** Where the service reads a command. */
interface Message {
  readonly data: string
  readonly afterSequence?: bigint
}

/** One call, as the service saw it. */
interface Seen {
  readonly lines: string[]
  readonly begun: PromiseWithResolvers<void>
  readonly ended: PromiseWithResolvers<void>
}

/** The header that identifies a call. */
export const CALL_ID = 'x-call'

/** Recorded request headers: the caller's own metadata. */
const NOTED = /^x-(?!call$)/

/**
 * Commands are texts in a message: `ok`, `large:BYTES`, `many:COUNT`, `metadata`, `reserved`, `error:CODE`, `fail-after:COUNT`,
 * `throw`, `early`, `wait`; everything else counts as `ok`.
 */
export class CommandedService {
  readonly #seen = new Map<string, Seen>()

  /** For a server's options. */
  readonly routes = (router: ConnectRouter): void => {
    router.service(GreeterService, {
      sayHello: async ({ name }, context) => ({ message: await this.#unary(name, context) }),
      publish: async ({ data }, context) => ({ sequence: BigInt((await this.#unary(data, context)).length) }),
      getStream: ({ topic, afterSequence }, context) =>
        this.#stream([{ data: topic, ...(afterSequence === undefined ? {} : { afterSequence }) }], context),
      putStream: async (messages, context) => {
        let accepted = 0n
        for await (const { data } of this.#note(messages, context)) {
          accepted++
          const [command] = parse(data)
          await answerOf(data, context)
          if (command === 'early') break
        }
        return { accepted }
      },
      allStream: (messages, context) => this.#stream(messages, context),
    })
  }

  /** Resolves once the service has started a call. */
  begun(id: string): Promise<void> {
    return this.#seenOf(id).begun.promise
  }

  /** What was recorded of a call, once its handler is done; empty if none was started. */
  async seen(id: string): Promise<string> {
    const seen = this.#seen.get(id)
    if (seen === undefined) return ''
    if (seen.lines.length > 0) await seen.ended.promise
    return seen.lines.join(' | ')
  }

  async #unary(command: string, context: HandlerContext): Promise<string> {
    const seen = this.#begin(context)
    seen.lines.push(`message ${brief(command)}`)
    try {
      return await answerOf(command, context)
    } finally {
      this.#end(seen, context)
    }
  }

  async *#stream(messages: AsyncIterable<Message> | Message[], context: HandlerContext) {
    for await (const { data } of this.#note(messages, context)) {
      const [command, argument] = parse(data)
      const count = command === 'many' || command === 'fail-after' ? argument : 0
      for (let i = 0; i < count; i++) yield { data: `${i}` }
      if (command === 'fail-after') throw said(Code.DataLoss)
      if (count === 0) yield { data: await answerOf(data, context) }
      if (command === 'early') return
    }
  }

  /** Forwards messages, and records them and the end of the stream. */
  async *#note(messages: AsyncIterable<Message> | Message[], context: HandlerContext) {
    const seen = this.#begin(context)
    try {
      for await (const message of messages) {
        seen.lines.push(`message ${brief(message.data)}`)
        if (message.afterSequence !== undefined) seen.lines.push(`after ${message.afterSequence}`)
        yield message
      }
      seen.lines.push('end')
    } catch (error) {
      seen.lines.push(`broken ${error instanceof ConnectError ? Code[error.code] : 'by something else'}`)
      throw error
    } finally {
      this.#end(seen, context)
    }
  }

  #begin(context: HandlerContext): Seen {
    const seen = this.#seenOf(context.requestHeader.get(CALL_ID) ?? '')
    const { method, protocolName, requestMethod } = context
    seen.lines.push(`${requestMethod} ${method.name} ${protocolName}`)
    seen.lines.push(`url ${new URL(context.url).pathname}`)
    if (context.timeoutMs() !== undefined) seen.lines.push('has a deadline')
    for (const [name, value] of context.requestHeader) if (NOTED.test(name)) seen.lines.push(`${name}=${value}`)
    seen.begun.resolve()
    return seen
  }

  #end(seen: Seen, { signal }: HandlerContext): void {
    if (signal.aborted) seen.lines.push(`aborted ${Code[ConnectError.from(signal.reason).code]}`)
    seen.ended.resolve()
  }

  #seenOf(id: string): Seen {
    let seen = this.#seen.get(id)
    if (seen === undefined) {
      seen = { lines: [], begun: Promise.withResolvers(), ended: Promise.withResolvers() }
      this.#seen.set(id, seen)
    }
    return seen
  }
}

async function answerOf(text: string, context: HandlerContext): Promise<string> {
  const [command, argument] = parse(text)
  switch (command) {
    case 'large':
      return 'x'.repeat(argument)
    case 'metadata':
      setMetadata(context)
      return 'ok'
    case 'reserved':
      setReserved(context)
      return 'ok'
    case 'error':
      setMetadata(context)
      throw said(argument)
    case 'throw':
      throw new Error('this text must not reach a client')
    case 'wait':
      return untilAborted(context.signal)
    default:
      return 'ok'
  }
}

function setMetadata({ responseHeader, responseTrailer }: HandlerContext): void {
  responseHeader.append('x-header', 'one')
  responseHeader.append('x-header', 'two')
  responseHeader.append('set-cookie', 'a=1')
  responseHeader.append('set-cookie', 'b=2')
  responseHeader.set('x-head-bin', 'AAEC')
  responseTrailer.set('x-trailer', 'three')
  responseTrailer.set('x-trailer-bin', '_w')
}

/** Protocol and HTTP headers, which no service can set. */
function setReserved({ responseHeader, responseTrailer }: HandlerContext): void {
  responseHeader.set('grpc-encoding', 'none')
  responseHeader.set('connection', 'close')
  responseTrailer.set('grpc-status', '7')
  responseTrailer.set('grpc-message', 'no')
}

function said(code: Code): ConnectError {
  const details = [{ desc: SayHelloResponseSchema, value: { message: 'a detail' } }]
  return new ConnectError(`${SAID} caf\u00e9 100%\n`, code, { 'x-error': 'four' }, details)
}

function parse(text: string): [command: string, argument: number] {
  const [command = '', argument = '0'] = text.split(':', 2)
  return [command, Number(argument)]
}

function brief(text: string): string {
  return text.length > 40 ? `${text.slice(0, 8)} and ${text.length - 8} more` : text
}
