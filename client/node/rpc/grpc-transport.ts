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
  Code,
  ConnectError,
  type ContextValues,
  createContextValues,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type Transport,
  type UnaryRequest,
  type UnaryResponse,
} from '@connectrpc/connect'
import { runStreamingCall, runUnaryCall } from '@connectrpc/connect/protocol'
import { callTimeoutMs } from './call-deadline.ts'
import type { CallInit, CallParts } from './call-init.ts'
import type { CallPlan, CallSettings } from './call-plan.ts'
import { CallPlans } from './call-plans.ts'
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

type Request = Pick<CallInit, 'header' | 'signal' | 'timeoutMs'> & { readonly contextValues: ContextValues | undefined }

interface CallArguments extends Omit<Request, 'header'> {
  readonly header: Parameters<Transport['unary']>[3]
}

/** A `Transport` of Connect. Without interceptors a call takes the short way. */
export class GrpcTransport implements Transport {
  readonly #parts: GrpcTransportParts
  readonly #interceptors: Interceptor[]
  readonly #plans: CallPlans

  constructor(parts: GrpcTransportParts) {
    this.#parts = parts
    this.#plans = new CallPlans(parts.settings)
    this.#interceptors = [...parts.interceptors]
  }

  unary<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['unary']>
  ): Promise<UnaryResponse<I, O>> {
    const plan = this.#plans.of(method)
    const request = this.#requestOf({ header, signal, timeoutMs, contextValues })
    const response =
      this.#interceptors.length === 0
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
      this.#interceptors.length === 0
        ? callStream(this.#initOf(plan, request), input)
        : this.#interceptStream(plan, method, input, request)
    return response as Promise<StreamResponse<I, O>>
  }

  async #callUnary(plan: CallPlan, input: MessageInitShape<DescMessage>, request: Request): Promise<UnaryResponse> {
    const data = plan.codec.encode(create(plan.method.input, input) as Message)
    return callUnary(this.#initOf(plan, request), data)
  }

  /** The deadline covers the interceptors too. */
  #interceptUnary(
    plan: CallPlan,
    method: DescMethodUnary,
    input: MessageInitShape<DescMessage>,
    request: Request,
  ): Promise<UnaryResponse> {
    const remainingMs = this.#countDown(request.timeoutMs)
    const next = async (sent: UnaryRequest): Promise<UnaryResponse> => {
      const response = await this.#callUnary(plan, sent.message, { ...sent, timeoutMs: remainingMs() })
      // Interceptors copy responses by spreading them, which getters do not survive.
      const { service, header, trailer } = response
      return { ...response, service, header, trailer }
    }
    return runUnaryCall({
      req: { ...seenRequest(plan, request), stream: false, method, message: input },
      next: next as never,
      ...this.#chainOf(request),
    })
  }

  #interceptStream(
    plan: CallPlan,
    method: DescMethodStreaming,
    input: AsyncIterable<MessageInitShape<DescMessage>>,
    request: Request,
  ): Promise<StreamResponse> {
    const remainingMs = this.#countDown(request.timeoutMs)
    const next = async (sent: StreamRequest): Promise<StreamResponse> =>
      callStream(this.#initOf(plan, { ...sent, timeoutMs: remainingMs() }), sent.message)
    return runStreamingCall({
      req: { ...seenRequest(plan, request), stream: true, method, message: input },
      next: next as never,
      ...this.#chainOf(request),
    })
  }

  #requestOf({ header, signal, timeoutMs, contextValues }: CallArguments): Request {
    return {
      header: header === undefined ? undefined : new Headers(header),
      signal,
      timeoutMs: callTimeoutMs(timeoutMs, this.#parts.timeoutMs),
      contextValues,
    }
  }

  #chainOf({ signal, timeoutMs }: Request) {
    return {
      interceptors: this.#interceptors,
      ...(signal !== undefined && { signal }),
      ...(timeoutMs !== undefined && { timeoutMs }),
    }
  }

  #initOf(plan: CallPlan, { header, signal, timeoutMs, contextValues }: Request): CallInit {
    const waitsForReady = contextValues?.get(waitForReady)
    const credentials = this.#parts.authenticator.sourceFor(plan.path, contextValues)
    return { plan, parts: this.#parts, header, signal, timeoutMs, waitsForReady, credentials }
  }

  /** Tells what is left of a deadline that begins now. Throws once it has passed. */
  #countDown(timeoutMs: number | undefined): () => number | undefined {
    if (timeoutMs === undefined) return () => undefined
    const { clock } = this.#parts.timers
    const endsAtMs = clock.now() + timeoutMs
    return () => {
      const remainingMs = endsAtMs - clock.now()
      if (remainingMs > 0) return remainingMs
      throw new ConnectError('the deadline passed before the call was made', Code.DeadlineExceeded)
    }
  }
}

/** As interceptors see it. */
function seenRequest(
  { method, url }: CallPlan,
  { header = new Headers(), contextValues = createContextValues() }: Request,
) {
  return { service: method.parent, requestMethod: 'POST', url, header, contextValues }
}
