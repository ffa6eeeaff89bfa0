/** Makes the call that a test case describes, and reports its result. */
import { setTimeout as sleep } from 'node:timers/promises'
import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf'
import { type Any, anyUnpack } from '@bufbuild/protobuf/wkt'
import { type CallOptions, type Client, ConnectError } from '@connectrpc/connect'
import {
  type ClientCompatRequest,
  type ClientResponseResult,
  ClientResponseResultSchema,
} from '../gen/connectrpc/conformance/v1/client_compat_pb.js'
import { StreamType } from '../gen/connectrpc/conformance/v1/config_pb.js'
import {
  BidiStreamRequestSchema,
  ClientStreamRequestSchema,
  type ConformancePayload,
  ConformancePayloadSchema,
  type ConformanceService,
  IdempotentUnaryRequestSchema,
  ServerStreamRequestSchema,
  UnaryRequestSchema,
  UnimplementedRequestSchema,
} from '../gen/connectrpc/conformance/v1/service_pb.js'
import { appendHeaders, toProtoError, toProtoHeaders } from './metadata.ts'

type ConformanceClient = Client<typeof ConformanceService>
type Answer = { readonly payload?: ConformancePayload | undefined }

/**
 * Makes the call and waits for its end. A call that fails is a result like any other.
 *
 * @throws Error when the test case asks for what this client cannot do
 */
export async function makeCall(client: ConformanceClient, request: ClientCompatRequest): Promise<ClientResponseResult> {
  return await new ClientCall(client, request).run()
}

class ClientCall {
  readonly #client: ConformanceClient
  readonly #request: ClientCompatRequest
  readonly #result = create(ClientResponseResultSchema)
  readonly #cancellation = new AbortController()
  readonly #options: CallOptions
  /** Resolves with the next response message, or the end of the stream. A full-duplex client waits for it before it sends. */
  #answered = Promise.withResolvers<void>()

  constructor(client: ConformanceClient, request: ClientCompatRequest) {
    this.#client = client
    this.#request = request
    this.#result.numUnsentRequests = request.requestMessages.length
    const headers = new Headers()
    appendHeaders(request.requestHeaders, headers)
    this.#options = {
      headers,
      signal: this.#cancellation.signal,
      onHeader: (received) => {
        this.#result.responseHeaders = toProtoHeaders(received)
      },
      onTrailer: (received) => {
        this.#result.responseTrailers = toProtoHeaders(received)
      },
      ...(request.timeoutMs !== undefined && { timeoutMs: request.timeoutMs }),
    }
  }

  async run(): Promise<ClientResponseResult> {
    const start = this.#prepare()
    try {
      await start()
    } catch (thrown) {
      this.#noteError(ConnectError.from(thrown))
    }
    return this.#result
  }

  /** An error that it throws is one of the test case; an error of the returned function is the outcome of the call. */
  #prepare(): () => Promise<void> {
    const client = this.#client
    switch (this.#request.method) {
      case 'Unary':
        return this.#once(UnaryRequestSchema, (message) => client.unary(message, this.#options))
      case 'IdempotentUnary':
        return this.#once(IdempotentUnaryRequestSchema, (message) => client.idempotentUnary(message, this.#options))
      case 'Unimplemented':
        return this.#once(UnimplementedRequestSchema, async (message) => {
          await client.unimplemented(message, this.#options)
          return {}
        })
      case 'ServerStream': {
        const message = this.#onlyMessage(ServerStreamRequestSchema)
        return () => this.#readAll(this.#sent(() => client.serverStream(message, this.#options)))
      }
      case 'ClientStream': {
        const messages = this.#unpackAll(ClientStreamRequestSchema)
        return async () => this.#noteAnswer(await client.clientStream(this.#sendAll(messages), this.#options))
      }
      case 'BidiStream': {
        const messages = this.#unpackAll(BidiStreamRequestSchema)
        return () => this.#readAll(client.bidiStream(this.#sendAll(messages), this.#options))
      }
      default:
        throw new Error(`the service has no method "${this.#request.method}"`)
    }
  }

  #once<Desc extends DescMessage>(schema: Desc, call: (message: MessageShape<Desc>) => Promise<Answer>) {
    const message = this.#onlyMessage(schema)
    return async () => this.#noteAnswer(await this.#sent(() => call(message)))
  }

  /** For calls that send their one message, and so end their side, as they start. */
  #sent<T>(start: () => T): T {
    const started = start()
    this.#result.numUnsentRequests = 0
    this.#afterSending()
    return started
  }

  async *#sendAll<T>(messages: readonly T[]): AsyncGenerator<T> {
    const isFullDuplex = this.#request.streamType === StreamType.FULL_DUPLEX_BIDI_STREAM
    for (const message of messages) {
      await sleep(this.#request.requestDelayMs)
      this.#answered = Promise.withResolvers()
      yield message
      this.#result.numUnsentRequests -= 1
      if (isFullDuplex) await this.#answered.promise
    }
    this.#afterSending()
  }

  async #readAll(answers: AsyncIterable<Answer>): Promise<void> {
    try {
      for await (const answer of answers) {
        this.#noteAnswer(answer)
        this.#answered.resolve()
        const cancel = this.#request.cancel?.cancelTiming
        if (cancel?.case === 'afterNumResponses' && cancel.value === this.#result.payloads.length) this.#cancel()
      }
    } finally {
      this.#answered.resolve()
    }
  }

  #afterSending(): void {
    const timing = this.#request.cancel?.cancelTiming
    if (timing === undefined || timing.case === 'afterNumResponses') return
    if (timing.case === 'beforeCloseSend') this.#cancel()
    else setTimeout(() => this.#cancel(), timing.value ?? 0)
  }

  #cancel(): void {
    this.#cancellation.abort()
  }

  #noteAnswer({ payload }: Answer): void {
    this.#result.payloads.push(payload ?? create(ConformancePayloadSchema))
  }

  /** An error of a unary call combines headers and trailers, which the suite supports. */
  #noteError(error: ConnectError): void {
    this.#result.error = toProtoError(error)
    if (this.#result.responseTrailers.length === 0) {
      this.#result.responseTrailers = toProtoHeaders(error.metadata)
    }
  }

  #onlyMessage<Desc extends DescMessage>(schema: Desc): MessageShape<Desc> {
    const [message, ...others] = this.#unpackAll(schema)
    if (message === undefined || others.length > 0) {
      throw new Error(`${this.#request.method} takes one message, not ${this.#request.requestMessages.length}`)
    }
    return message
  }

  #unpackAll<Desc extends DescMessage>(schema: Desc): MessageShape<Desc>[] {
    return this.#request.requestMessages.map((any) => unpack(any, schema))
  }
}

function unpack<Desc extends DescMessage>(any: Any, schema: Desc): MessageShape<Desc> {
  const message = anyUnpack(any, schema)
  if (message === undefined) throw new Error(`a ${schema.typeName} is needed, and a ${any.typeUrl} is given`)
  return message
}
