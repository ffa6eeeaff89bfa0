/** Calls methods by gRPC-Web or Connect over a channel, for Connect's clients. */
import type { DescMessage, DescMethod } from '@bufbuild/protobuf'
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt'
import {
  type ConnectError,
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
import { trailerFlag } from '@connectrpc/connect/protocol-grpc-web'
import { headerField } from '../../../wire/http2/http2.ts'
import { formatGrpcTimeout } from '../../../wire/timeout-header.ts'
import { userFields } from '../../../wire/user-fields.ts'
import { sleep } from '../../core/sleep.ts'
import { withCredentials } from '../credentials/call-authenticator.ts'
import { answerError } from '../rpc/answer-error.ts'
import { callTimeoutMs } from '../rpc/call-deadline.ts'
import { leftError } from '../rpc/call-errors.ts'
import type { CallParts } from '../rpc/call-init.ts'
import { FIRST_ATTEMPT, type ObservedAttempt } from '../rpc/call-observer.ts'
import { CallPlans } from '../rpc/call-plans.ts'
import type { MethodSettings } from '../rpc/method-settings.ts'
import { RetryState } from '../rpc/retry-state.ts'
import { waitForReady } from '../rpc/wait-for-ready.ts'
import { HttpAttempt, type HttpAttemptInit, type HttpAttemptSettings } from './http-attempt.ts'
import { HttpCall } from './http-call.ts'
import { type HttpProtocol, type ProtocolSettings, protocolTransport } from './protocol-transport.ts'
import { watchedMessages } from './watched-messages.ts'

/** What a transport works with. */
export interface HttpTransportParts extends CallParts, ProtocolSettings {
  /** The first is outermost. */
  readonly interceptors: readonly Interceptor[]
  /** The deadline of calls that set none, in milliseconds; undefined: none. */
  readonly timeoutMs: number | undefined
}

/** The most that Connect's 10 digits can say, in milliseconds. */
const MAX_CONNECT_TIMEOUT_MS = 9_999_999_999

/** A `Transport` of Connect. */
export class HttpTransport implements Transport {
  readonly #parts: HttpTransportParts
  readonly #interceptors: Interceptor[]
  readonly #attempts: HttpAttemptSettings
  readonly #plans: CallPlans

  constructor(parts: HttpTransportParts) {
    const { scheme, authority, userAgent } = parts.calls
    this.#parts = parts
    this.#interceptors = [...parts.interceptors]
    this.#plans = new CallPlans(parts.calls)
    this.#attempts = { scheme, authority, userAgent, ...PROTOCOLS[parts.protocol] }
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['unary']>
  ): Promise<UnaryResponse<I, O>> {
    const { call, common } = this.#begin({ method, signal, timeoutMs, header, contextValues })
    try {
      const response = await runUnaryCall({
        req: { ...common, stream: false, method, message: input },
        next: (request) => this.#callUnary(call, request),
        interceptors: this.#interceptors,
        signal: call.signal,
      })
      call.succeed()
      return response as UnaryResponse<I, O>
    } catch (thrown) {
      throw call.fail(thrown)
    }
  }

  async stream<I extends DescMessage, O extends DescMessage>(
    ...[method, signal, timeoutMs, header, input, contextValues]: Parameters<Transport['stream']>
  ): Promise<StreamResponse<I, O>> {
    // Asked for here, where it may throw: Connect asks for it once more as a call is aborted.
    const messages = input[Symbol.asyncIterator]()
    const { call, common } = this.#begin({ method, signal, timeoutMs, header, contextValues })
    try {
      const response = await runStreamingCall({
        req: { ...common, stream: true, method, message: { [Symbol.asyncIterator]: () => messages } },
        next: (request) => this.#callStream(call, request),
        interceptors: this.#interceptors,
        signal: call.signal,
      })
      const message = watchedMessages(response.message, {
        onDone: () => call.succeed(),
        onFailed: (thrown) => call.fail(thrown),
        onLeft: () => call.fail(leftError()),
      })
      const answer: StreamResponse = { ...response, message }
      return answer as StreamResponse<I, O>
    } catch (thrown) {
      throw call.fail(thrown)
    }
  }

  #begin({ method, signal, timeoutMs, header, contextValues = createContextValues() }: CallArguments) {
    const plan = this.#plans.of(method)
    const metadata = new Headers(header)
    const call = new HttpCall({
      plan,
      parts: this.#parts,
      header: metadata,
      signal,
      timeoutMs: callTimeoutMs(timeoutMs, this.#parts.timeoutMs),
      within: null,
      waitsForReady: contextValues.get(waitForReady),
      // Those of the call are known when its interceptors are through.
      credentials: null,
    })
    const common = { service: method.parent, requestMethod: 'POST', url: plan.url, header: metadata, contextValues }
    return { call, common }
  }

  /** As the service config says, one attempt after the other. */
  async #callUnary(call: HttpCall, request: UnaryRequest): Promise<UnaryResponse> {
    const settings = await call.configured
    const { retry, throttle } = settings
    const retries = retry === null ? null : new RetryState({ policy: retry, throttle, random: this.#parts.random })
    for (let kind = FIRST_ATTEMPT; ; kind = { ...FIRST_ATTEMPT, previousAttempts: retries?.failures ?? 0 }) {
      const attempt = this.#attempt(call, request, kind)
      try {
        return await this.#tryUnary(attempt, await this.#authenticate(call, request), settings)
      } catch (thrown) {
        const error = answerError(thrown)
        attempt.end(error, error.metadata)
        const mayRetry = !request.signal.aborted && !attempt.isFinal
        const delayMs = mayRetry ? (retries?.nextDelayMs(error, toFields(error.metadata)) ?? null) : null
        if (delayMs === null) throw error
        await waitToRetry({ call, error, delayMs, signal: request.signal })
      }
    }
  }

  #attempt(call: HttpCall, { method, header }: UnaryRequest | StreamRequest, kind: ObservedAttempt): HttpAttempt {
    const { methodKind, idempotency } = method
    const init: HttpAttemptInit = {
      call,
      kind,
      header,
      sendsOne: methodKind === 'unary' || methodKind === 'server_streaming',
      isEnveloped: methodKind !== 'unary' || this.#parts.protocol !== 'connect',
      isIdempotent: idempotency !== MethodOptions_IdempotencyLevel.IDEMPOTENCY_UNKNOWN,
    }
    return new HttpAttempt(init, this.#attempts)
  }

  async #tryUnary(attempt: HttpAttempt, request: UnaryRequest, limits: MethodSettings): Promise<UnaryResponse> {
    const { method, signal, message, contextValues } = request
    const transport = protocolTransport(this.#parts, { limits, isUnary: true, attempt })
    const metadata = metadataOf(request.header)
    const response = await transport.unary(method, signal, undefined, metadata, message, contextValues)
    attempt.end(null, response.trailer)
    return response
  }

  /** For each attempt anew. The request is left as it is: interceptors may send it more than once. */
  async #authenticate<R extends UnaryRequest | StreamRequest>(call: HttpCall, request: R): Promise<R> {
    const source = this.#parts.authenticator.sourceFor(call.path, request.contextValues)
    if (source === null) return request
    call.waitsFor = () => ' before there were credentials'
    const header = withCredentials(request.header, await source(request.signal))
    return { ...request, header }
  }

  async #callStream(call: HttpCall, request: StreamRequest): Promise<StreamResponse> {
    const limits = await call.configured
    const { method, signal, message, contextValues } = request
    const attempt = this.#attempt(call, request, FIRST_ATTEMPT)
    const transport = protocolTransport(this.#parts, { limits, isUnary: false, attempt })
    const fail = (thrown: unknown): ConnectError => {
      const error = answerError(thrown)
      attempt.end(error, error.metadata)
      return error
    }
    try {
      const { header } = await this.#authenticate(call, request)
      const metadata = metadataOf(header)
      const response = await transport.stream(method, signal, undefined, metadata, message, contextValues)
      const messages = watchedMessages(response.message, {
        onDone: () => attempt.end(null, response.trailer),
        onFailed: fail,
        onLeft: () => fail(leftError()),
      })
      return { ...response, message: messages }
    } catch (thrown) {
      throw fail(thrown)
    }
  }
}

interface CallArguments {
  readonly method: DescMethod
  readonly signal: AbortSignal | undefined
  readonly timeoutMs: number | undefined
  readonly header: Parameters<Transport['unary']>[3]
  readonly contextValues: ContextValues | undefined
}

interface RetryWait {
  readonly call: HttpCall
  /** Why there is another attempt. */
  readonly error: ConnectError
  readonly delayMs: number
  readonly signal: AbortSignal
}

async function waitToRetry({ call, error, delayMs, signal }: RetryWait): Promise<void> {
  call.follower?.onRetryDelay(delayMs)
  call.waitsFor = () => ` before another attempt: ${error.rawMessage}`
  await sleep(delayMs, signal)
  signal.throwIfAborted()
}

type OfProtocol = Pick<HttpAttemptSettings, 'timeoutField' | 'beginsWithStatus'>

const PROTOCOLS: Readonly<Record<HttpProtocol, OfProtocol>> = {
  connect: {
    timeoutField: (timeoutMs) => ({
      name: 'connect-timeout-ms',
      value: String(Math.min(Math.ceil(timeoutMs), MAX_CONNECT_TIMEOUT_MS)),
    }),
    beginsWithStatus: () => false,
  },
  'grpc-web': {
    timeoutField: (timeoutMs) => ({ name: 'grpc-timeout', value: formatGrpcTimeout(timeoutMs) }),
    beginsWithStatus: (firstByte) => (firstByte & trailerFlag) !== 0,
  },
}

/** What callers and interceptors may set. */
function metadataOf(header: Headers): Headers {
  return new Headers(userFields(header).map(({ name, value }): [string, string] => [name, value]))
}

function toFields(headers: Headers) {
  return [...headers].map(([name, value]) => headerField(name, value))
}
