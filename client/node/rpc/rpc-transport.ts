/** A transport for Connect's clients, over a channel and any protocol. */
import type {
  DescMessage,
  DescMethod,
  DescMethodStreaming,
  DescMethodUnary,
  Message,
  MessageInitShape,
} from '@bufbuild/protobuf'
import {
  type ContextValues,
  createContextValues,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect'
import { envelopeOf } from '../../../wire/envelope.ts'
import { isReservedField } from '../../../wire/user-fields.ts'
import {
  type Leavable,
  type LeavableTransport,
  leavable,
  type StreamArguments,
  type StreamReader,
  streamWithSignal,
} from '../../core/leavable.ts'
import { callTimeoutMs } from './call-deadline.ts'
import type { CallInit, TransportParts } from './call-init.ts'
import { callLabel } from './call-label.ts'
import { InterceptedCall } from './intercepted-call.ts'
import { CompleteMessages, iteratorOf, type RequestInput } from './message-iterators.ts'
import { MethodPlan } from './method-plan.ts'
import { StreamClientCall } from './stream-client-call.ts'
import { UnaryClientCall } from './unary-client-call.ts'
import { waitForReady } from './wait-for-ready.ts'

type AnyRequest = UnaryRequest | StreamRequest

interface Request extends Pick<CallInit, 'header' | 'signal' | 'timeoutMs' | 'within'> {
  readonly contextValues: ContextValues | undefined
  /** Receives the call when it has started. Default: none. */
  readonly reader?: StreamReader
}

interface CallArguments extends Omit<Request, 'header' | 'within' | 'reader'> {
  readonly header: Parameters<Transport['unary']>[3]
}

/** Connect's `Transport`. Calls without interceptors take a shorter path. */
export class RpcTransport implements LeavableTransport {
  readonly [leavable]: Leavable = {
    stream: this.stream,
    start: (reader, ...args) => this.#startLeavable(reader, args),
  }
  readonly #parts: TransportParts
  readonly #plans = new Map<DescMethod, MethodPlan>()

  constructor(parts: TransportParts) {
    this.#parts = parts
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['unary']>
  ): Promise<UnaryResponse<I, O>> {
    const plan = this.#planOf(method)
    const request = this.#requestOf({ header, signal, timeoutMs, contextValues })
    const response =
      this.#parts.interceptors.length === 0
        ? this.#callUnary(plan, input, request)
        : this.#interceptUnary(plan, input, request)
    return response as Promise<UnaryResponse<I, O>>
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['stream']>
  ): Promise<StreamResponse<I, O>> {
    const plan = this.#planOf(method)
    const request = this.#requestOf({ header, signal, timeoutMs, contextValues })
    const response =
      this.#parts.interceptors.length === 0
        ? this.#callStream(plan, input, request).then(plainResponse)
        : this.#interceptStream(plan, input, request)
    return response as Promise<StreamResponse<I, O>>
  }

  /** As `stream`, for a reader that may leave. Only interceptors need a signal for that. */
  #startLeavable(reader: StreamReader, args: StreamArguments): Promise<StreamResponse> {
    if (this.#parts.interceptors.length > 0) return streamWithSignal(reader, this, args)
    const [method, signal, timeoutMs, header, input, contextValues] = args
    return this.#callStream(this.#planOf(method), input, {
      ...this.#requestOf({ header, signal, timeoutMs, contextValues }),
      reader,
    })
  }

  #callUnary(plan: MethodPlan, input: MessageInitShape<DescMessage>, request: Request): Promise<UnaryResponse> {
    const envelope = envelopeOf(plan.codec.encodeWithHeadroom(plan.createInput(input)))
    const init = this.#initOf(plan, request)
    return new Promise((resolve, reject) => new UnaryClientCall(init, envelope, resolve, reject).start())
  }

  #callStream(plan: MethodPlan, input: RequestInput, request: Request): Promise<StreamResponse> {
    const init = this.#initOf(plan, request)
    return new Promise((resolve, reject) => {
      const call = new StreamClientCall(init, input, resolve, reject)
      call.start()
      request.reader?.onCall(call)
    })
  }

  #interceptUnary(plan: MethodPlan, input: MessageInitShape<DescMessage>, request: Request): Promise<UnaryResponse> {
    const method = plan.method as DescMethodUnary
    const message = plan.createInput(input)
    const within = this.#within(request)
    const next = async (sent: AnyRequest): Promise<UnaryResponse> => {
      const response = await this.#callUnary(plan, sent.message as Message, below(sent, within))
      // Interceptors spread responses, which does not copy getters.
      const { service, header, trailer } = response
      return { ...response, service, header, trailer }
    }
    const seen = { ...seenRequest(plan, request), signal: within.signal, stream: false, method, message } as const
    return within.unary(seen, next)
  }

  #interceptStream(plan: MethodPlan, input: RequestInput, request: Request): Promise<StreamResponse> {
    const method = plan.method as DescMethodStreaming
    const iterator = iteratorOf(input)
    const message = new CompleteMessages(plan.createInput, iterator)
    const within = this.#within(request)
    const next = async (sent: AnyRequest): Promise<StreamResponse> =>
      plainResponse(await this.#callStream(plan, sent.message as AsyncIterable<Message>, below(sent, within)))
    const seen = { ...seenRequest(plan, request), signal: within.signal, stream: true, method, message } as const
    return within.stream(seen, next, iterator)
  }

  /** Creates the call around interceptors, whose deadline includes them. */
  #within({ signal, timeoutMs }: Request): InterceptedCall {
    const { interceptors, timers } = this.#parts
    return new InterceptedCall({ interceptors, timers, signal, timeoutMs })
  }

  /** Returns the plan of a method, created on its first call. */
  #planOf(method: DescMethod): MethodPlan {
    const known = this.#plans.get(method)
    if (known !== undefined) return known
    const plan = new MethodPlan(method, this.#parts.settings, this.#parts.protocol)
    this.#plans.set(method, plan)
    return plan
  }

  #requestOf({ header, signal, timeoutMs, contextValues }: CallArguments): Request {
    return {
      header: header === undefined ? undefined : new Headers(header),
      signal,
      timeoutMs: callTimeoutMs(timeoutMs, this.#parts.timeoutMs),
      within: null,
      contextValues,
    }
  }

  #initOf(plan: MethodPlan, { header, signal, timeoutMs, within, contextValues }: Request): CallInit {
    const waitsForReady = contextValues?.get(waitForReady)
    const label = this.#parts.observer === null ? undefined : contextValues?.get(callLabel)
    const credentials = this.#parts.authenticator.sourceFor(plan.path, contextValues)
    return { plan, parts: this.#parts, header, signal, timeoutMs, within, waitsForReady, label, credentials }
  }
}

/** Returns the inner call for a request that interceptors may have changed. */
function below({ header, signal, contextValues }: AnyRequest, within: InterceptedCall): Request {
  return { header, signal, timeoutMs: undefined, within, contextValues }
}

/** Returns a response without getters, as wrappers and interceptors replace its messages by `{ ...response, message }`. */
function plainResponse({ stream, service, method, header, trailer, message }: StreamResponse): StreamResponse {
  return { stream, service, method, header, trailer, message }
}

/** Returns the request for interceptors, with the fields that the protocol adds, as in Connect. Changes to those are not sent. */
function seenRequest(
  { method, url, attempts }: MethodPlan,
  { header = new Headers(), contextValues = createContextValues(), timeoutMs }: Request,
) {
  const timeout = timeoutMs === undefined ? null : attempts.shownTimeout?.(timeoutMs)
  for (const { name, value } of [...(attempts.fields ?? []), ...(timeout == null ? [] : [timeout])]) {
    // The client's user agent is appended later, and would otherwise be there twice.
    if (isReservedField(name) && name !== 'user-agent') header.set(name, value)
  }
  return { service: method.parent, requestMethod: 'POST', url, header, contextValues }
}
