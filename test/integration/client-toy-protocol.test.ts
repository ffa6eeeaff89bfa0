/** A new protocol in the client takes an implementation of `Attempt`, and one line where transports are made. */
import { Buffer } from 'node:buffer'
import { fromJsonString, type Message, toJsonString } from '@bufbuild/protobuf'
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { HttpExchange, HttpFailure, HttpHead, HttpListener } from '../../client/node/contracts/http-exchange.ts'
import type { SubchannelConnection } from '../../client/node/contracts/subchannel.ts'
import { Attempt, type AttemptOwner } from '../../client/node/rpc/attempt.ts'
import type { RequestMessage } from '../../client/node/rpc/compress-message.ts'
import type { ClientProtocol, MethodPlan } from '../../client/node/rpc/method-plan.ts'
import type { HedgingPolicy, RetryPolicy } from '../../client/node/service-config/method-config.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import type { AttemptStart } from '../../wire/call-observer.ts'
import type { MessageReader } from '../../wire/envelope-reader.ts'
import { openChannelTransport } from '../support/channel-transport.ts'
import { collect } from '../support/collect.ts'
import { configOf } from '../support/config-of.ts'
import { type AnyRequest, type AnyResponse, startHttpServer } from '../support/http-server.ts'
import { untilAborted } from '../support/until-aborted.ts'

/** One message per line, as JSON. The last line of a response is its status, a number. */
const linesProtocol: ClientProtocol = {
  name: 'lines',
  httpMethodOf: () => 'POST',
  attemptsOf: (plan) => ({ createAttempt: (owner, kind) => new LinesAttempt(plan, owner, kind) }),
}

class LinesAttempt extends Attempt implements HttpListener, MessageReader<Message> {
  readonly trailers = null
  readonly #plan: MethodPlan
  #exchange: HttpExchange | null = null
  #head: HttpHead | null = null
  #isUnary = false
  #text = ''
  #lines: string[] = []

  constructor(plan: MethodPlan, owner: AttemptOwner, kind: AttemptStart) {
    super(owner, kind)
    this.#plan = plan
  }

  get headers() {
    return this.#head?.fields ?? []
  }

  get httpStatus() {
    return this.#head?.status
  }

  get sentBytes() {
    return this.#exchange?.sentBytes ?? 0
  }

  sendOne(connection: SubchannelConnection, message: RequestMessage): void {
    this.#request(connection, lineOf(message))
  }

  open(connection: SubchannelConnection): void {
    this.#request(connection, null)
  }

  write(message: RequestMessage): boolean {
    return this.#exchange?.write(lineOf(message)) ?? true
  }

  endInput(): void {
    this.#exchange?.end()
  }

  readAll(): void {
    this.#isUnary = true
  }

  takeOnly(): Message {
    return this.take()
  }

  createReader(): MessageReader<Message> {
    return this
  }

  readStatus(): ConnectError | null {
    const status = Number(this.#lines.at(-1))
    return status === 0 ? null : new ConnectError('as the last line says', status)
  }

  onHead(head: HttpHead): void {
    this.#head = head
    this.#pull()
  }

  onReadable(): void {
    if (this.hasAnswered && !this.#isUnary) this.owner.onReadable(this)
    else this.#pull()
  }

  onWritable(): void {
    this.owner.onWritable(this)
  }

  onFailed({ error, processing }: HttpFailure): void {
    this.owner.onFailed(this, error, processing === 'unknown' ? 'lost' : processing)
  }

  readonly receivedBytes = 0
  readonly isOwed = false

  /** Only the status is left. */
  get isAtEnd(): boolean {
    return this.#exchange?.isPeerDone === true && this.#lines.length <= 1
  }

  poll(): boolean {
    const exchange = this.#exchange
    if (exchange === null) return false
    while (this.#lines.length < 2 && exchange.want(1) && exchange.readableBytes > 0) {
      const lines = (this.#text + exchange.read(exchange.readableBytes).toString()).split('\n')
      this.#text = lines.pop() ?? ''
      this.#lines.push(...lines)
    }
    return this.#lines.length > 1 || exchange.isPeerDone
  }

  pollOnly(): boolean {
    return this.poll()
  }

  take(): Message {
    return fromJsonString(this.#plan.method.output, this.#lines.shift() ?? '')
  }

  protected close(): void {
    this.#exchange?.cancel()
  }

  /** A response with a single line is an error. */
  #pull(): void {
    if (!this.poll()) return
    const error = this.isAtEnd ? this.readStatus() : null
    if (error !== null) this.owner.onFailed(this, error, 'answered')
    else {
      this.answer()
      if (this.#isUnary) this.owner.onReadable(this)
    }
  }

  #request(connection: SubchannelConnection, body: Uint8Array | null): void {
    const { settings, requestPath: path } = this.#plan
    const { scheme, authority } = settings
    const fields = this.headFields([{ name: 'content-type', value: 'application/x-lines' }], (timeoutMs) => ({
      name: 'x-timeout',
      value: String(timeoutMs),
    }))
    const isIdempotent = false
    this.#exchange = connection.exchange({ method: 'POST', scheme, authority, path, fields, body, isIdempotent }, this)
  }
}

function lineOf({ data }: RequestMessage): Buffer {
  return Buffer.concat([data, Buffer.from('\n')])
}

/** Answers each request by its lines and its number. */
type Answer = (lines: readonly string[], attempt: number, response: AnyResponse) => string | Promise<string>

async function serve(answer: Answer, method: { retryPolicy?: RetryPolicy; hedgingPolicy?: HedgingPolicy } = {}) {
  const server = await startHttpServer({
    httpVersion: '2',
    answer(request, response, attempt) {
      void respond(request, response, (lines) => answer(lines, attempt, response))
      return true
    },
  })
  const parts = { protocol: linesProtocol, config: configOf(method) }
  const { transport, close } = openChannelTransport({ port: server.port, parts, settings: { format: 'json' } })
  onTestFinished(close)
  return { server, client: createClient(GreeterService, transport) }
}

async function respond(
  request: AnyRequest,
  response: AnyResponse,
  answer: (lines: string[]) => string | Promise<string>,
) {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const lines = Buffer.concat(chunks).toString().trim().split('\n')
  response.end(await answer(lines))
}

const RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialBackoffMs: 1,
  maxBackoffMs: 1,
  backoffMultiplier: 1,
  retryableCodes: new Set([Code.Unavailable]),
}

describe('a custom protocol supports, by its attempts alone,', () => {
  test('unary and streaming calls', async () => {
    const { client } = await serve((lines) => `${lines.map((_, i) => `{"accepted":"${i + 1}"}`).at(-1)}\n0\n`)
    async function* input() {
      for (const data of ['a', 'b', 'c']) yield { data }
    }
    expect(await client.putStream(input())).toMatchObject({ accepted: 3n })
    const greet = await serve(([line = '{}']) => `{"message":"Hello ${JSON.parse(line).name}"}\n0\n`)
    expect(await greet.client.sayHello({ name: 'World' })).toMatchObject({ message: 'Hello World' })
    const stream = await serve(() => '{"data":"a"}\n{"data":"b"}\n0\n')
    expect((await collect(stream.client.getStream({}))).map(({ data }) => data)).toEqual(['a', 'b'])
  })

  test('errors, also after messages', async () => {
    const { client } = await serve(() => '{"data":"a"}\n5\n')
    await expect(collect(client.getStream({}))).rejects.toMatchObject({ code: Code.NotFound })
  })

  test('retries of every kind of method, with replay', async () => {
    const bodies: string[] = []
    const { client, server } = await serve(
      (lines, attempt) => {
        bodies.push(lines.join())
        return attempt < 2 ? '14\n' : '{"accepted":"2"}\n0\n'
      },
      { retryPolicy: RETRY },
    )
    async function* input() {
      for (const data of ['a', 'b']) yield { data }
    }
    expect(await client.putStream(input())).toMatchObject({ accepted: 2n })
    expect(new Set(bodies)).toEqual(new Set(['{"data":"a"},{"data":"b"}']))
    expect(server.heads.map((head) => head['grpc-previous-rpc-attempts'])).toEqual([undefined, '1', '2'])
  })

  test('hedging', async () => {
    const policy = { maxAttempts: 2, hedgingDelayMs: 10, nonFatalCodes: new Set<Code>() }
    const { client } = await serve(
      (_lines, attempt, response) => {
        if (attempt > 0) return '{"message":"the second"}\n0\n'
        const closed = new AbortController()
        response.on('close', () => closed.abort())
        return untilAborted(closed.signal).catch(() => '')
      },
      { hedgingPolicy: policy },
    )
    expect(await client.sayHello({})).toMatchObject({ message: 'the second' })
  })

  test('deadlines, sent in its headers', async () => {
    const { client, server } = await serve(() => new Promise<string>(() => {}))
    await expect(client.sayHello({}, { timeoutMs: 200 })).rejects.toMatchObject({ code: Code.DeadlineExceeded })
    expect(Number(server.heads[0]?.['x-timeout'])).toBeLessThanOrEqual(200)
  })

  test('send limits', async () => {
    const message = toJsonString(GreeterService.method.sayHello.input, {
      $typeName: 'greeter.v1.SayHelloRequest',
      name: 'x',
    })
    expect(message).toBe('{"name":"x"}')
    const { client } = await serve(() => '{}\n0\n')
    await expect(client.sayHello({ name: 'x'.repeat(2_000_000) })).rejects.toMatchObject({
      code: Code.ResourceExhausted,
    })
  })
})
