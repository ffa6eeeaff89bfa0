/** Calls methods by gRPC over a channel, for Connect's clients. */
import {
  create,
  type DescMessage,
  type DescMethodStreaming,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
} from '@bufbuild/protobuf'
import {
  type ContextValues,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect'
import { callTimeoutMs } from './call-deadline.ts'
import type { CallInit, CallParts } from './call-init.ts'
import type { CallPlan, CallSettings } from './call-plan.ts'
import { CallPlans } from './call-plans.ts'
import { InterceptedCall } from './intercepted-call.ts'
import { CompleteMessages, type RequestInput } from './request-messages.ts'
import { callStream } from './stream-client-call.ts'
import { callUnary } from './unary-client-call.ts'
import { waitForReady } from './wait-for-ready.ts'

/** What a transport works with. */
export interface GrpcTransportParts extends CallParts {
  readonly settings: CallSettings
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
  /** The deadline of calls that set none, in milliseconds; undefined: none. */
  readonly timeoutMs: number | undefined
}

interface Request extends Pick<CallInit, 'header' | 'signal' | 'timeoutMs' | 'within'> {
  readonly contextValues: ContextValues | undefined
}

interface CallArguments extends Omit<Request, 'header' | 'within'> {
  readonly header: Parameters<Transport['unary']>[3]
}

/** A `Transport` of Connect. Without interceptors a call takes the short way. */
export class GrpcTransport implements Transport {
  readonly #parts: GrpcTransportParts
  readonly #plans: CallPlans

  constructor(parts: GrpcTransportParts) {
    this.#parts = parts
    this.#plans = new CallPlans(parts.settings)
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['unary']>
  ): Promise<UnaryResponse<I, O>> {
    const plan = this.#plans.of(method)
    const request = this.#requestOf({ header, signal, timeoutMs, contextValues })
    const response =
      this.#parts.interceptors.length === 0
        ? this.#callUnary(plan, input, request)
        : this.#interceptUnary(plan, method, input, request)
    return response as Promise<UnaryResponse<I, O>>
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['stream']>
  ): Promise<StreamResponse<I, O>> {
    const plan = this.#plans.of(method)
    const request = this.#requestOf({ header, signal, timeoutMs, contextValues })
    const response =
      this.#parts.interceptors.length === 0
        ? callStream(this.#initOf(plan, request), input)
        : this.#interceptStream(plan, method, input, request)
    return response as Promise<StreamResponse<I, O>>
  }

  #callUnary(plan: CallPlan, input: MessageInitShape<DescMessage>, request: Request): Promise<UnaryResponse> {
    const data = plan.codec.encode(create(plan.method.input, input) as Message)
    return callUnary(this.#initOf(plan, request), data)
  }

  #interceptUnary(
    plan: CallPlan,
    method: DescMethodUnary,
    input: MessageInitShape<DescMessage>,
    request: Request,
  ): Promise<UnaryResponse> {
    const message = create(method.input, input) as Message
    const within = this.#within(request)
    const next = async (sent: UnaryRequest | StreamRequest): Promise<UnaryResponse> => {
      const response = await this.#callUnary(plan, sent.message as Message, below(sent, within))
      // Interceptors copy responses by spreading them, which getters do not survive.
      const { service, header, trailer } = response
      return { ...response, service, header, trailer }
    }
    const seen = { ...seenRequest(plan, request), signal: within.signal, stream: false, method, message } as const
    return within.unary(seen, next)
  }

  #interceptStream(
    plan: CallPlan,
    method: DescMethodStreaming,
    input: RequestInput,
    request: Request,
  ): Promise<StreamResponse> {
    const iterator = input[Symbol.asyncIterator]()
    const message = new CompleteMessages(method.input, iterator)
    const within = this.#within(request)
    const next = async (sent: UnaryRequest | StreamRequest): Promise<StreamResponse> =>
      callStream(this.#initOf(plan, below(sent, within)), sent.message as AsyncIterable<Message>)
    const seen = { ...seenRequest(plan, request), signal: within.signal, stream: true, method, message } as const
    return within.stream(seen, next, iterator)
  }

  /** The deadline covers the interceptors too. */
  #within({ signal, timeoutMs }: Request): InterceptedCall {
    const { interceptors, timers } = this.#parts
    return new InterceptedCall({ interceptors, timers, signal, timeoutMs })
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

  #initOf(plan: CallPlan, { header, signal, timeoutMs, within, contextValues }: Request): CallInit {
    const waitsForReady = contextValues?.get(waitForReady)
    const credentials = this.#parts.authenticator.sourceFor(plan.path, contextValues)
    return { plan, parts: this.#parts, header, signal, timeoutMs, within, waitsForReady, credentials }
  }
}

/** What interceptors have made of a request. */
function below({ header, signal, contextValues }: UnaryRequest | StreamRequest, within: InterceptedCall): Request {
  return { header, signal, timeoutMs: undefined, within, contextValues }
}

/** As interceptors see it. */
function seenRequest(
  { method, url }: CallPlan,
  { header = new Headers(), contextValues = createContextValues() }: Request,
) {
  return { service: method.parent, requestMethod: 'POST', url, header, contextValues }
}
