/** What the pages of the tests of streaming do. Bundled for a browser, where these functions are the global `calls`. */
import { Code, ConnectError, type Transport } from '@connectrpc/connect'
import { createConnectTransport } from '../../../client/web/connect/public.ts'
import {
  createClient,
  createWebSocketTransport,
  type WebSocketTransportOptions,
  watchStream,
  withStreaming,
} from '../../../client/web/websocket/public.ts'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'

/** By WebSocketStream, by the standard WebSocket, and by fetch where it can. */
export type Way = 'WebSocketStream' | 'WebSocket' | 'withStreaming'

/** A call that failed. */
export interface Failure {
  readonly code: string
  readonly message: string
}

function transportOf(way: Way, baseUrl = '/'): Transport {
  const options: WebSocketTransportOptions = { baseUrl }
  if (way === 'withStreaming') return withStreaming(createConnectTransport({ baseUrl }), options)
  return createWebSocketTransport(way === 'WebSocket' ? { ...options, WebSocket } : options)
}

const clientOf = (way: Way, baseUrl?: string) => createClient(GreeterService, transportOf(way, baseUrl))

/** Returns the answers of each mode, the last one message by message. */
export async function callAllModes(way: Way): Promise<unknown[]> {
  const client = clientOf(way)
  const metadata: (string | null)[] = []
  const { message } = await client.sayHello(
    { name: 'Zoë' },
    {
      headers: { 'x-sent': 'y' },
      onHeader: (headers) => metadata.push(headers.get('x-seen')),
      onTrailer: (trailers) => metadata.push(trailers.get('x-last')),
    },
  )
  const streamed: string[] = []
  for await (const { data } of client.getStream({ topic: 'abc' })) streamed.push(data)
  const { accepted } = await client.putStream(inTurn('d', 'e', 'f'))
  const error = await failureOf(client.publish({}))
  return [message, metadata, streamed.join(''), Number(accepted), error, await converse(way)]
}

async function* inTurn(...items: readonly string[]) {
  for (const data of items) yield { topic: 'a', data }
}

/** Sends each message when the previous one has come back. */
async function converse(way: Way): Promise<string> {
  let answered = Promise.withResolvers<void>()
  async function* requests() {
    for (const data of ['g', 'h', 'i']) {
      answered = Promise.withResolvers()
      yield { topic: 'a', data }
      await answered.promise
    }
  }
  let seen = ''
  for await (const { data } of clientOf(way).allStream(requests())) {
    seen += data
    answered.resolve()
  }
  return seen
}

/** Holds this many streams open at once, then ends them. Returns how many got their answer back. */
export async function openMany(count: number): Promise<number> {
  const client = clientOf('WebSocketStream')
  const allOpen = Promise.withResolvers<void>()
  let open = 0
  const runs = Array.from({ length: count }, async (_, index) => {
    async function* requests() {
      yield { topic: 'a', data: `${index}` }
      await allOpen.promise
    }
    let seen = ''
    for await (const { data } of client.allStream(requests())) {
      seen += data
      if (++open === count) allOpen.resolve()
    }
    return seen === `${index}`
  })
  return (await Promise.all(runs)).filter(Boolean).length
}

/** Reads one message of an endless stream, and leaves. */
export async function leave(way: Way): Promise<string> {
  for await (const { data } of clientOf(way).allStream(forever())) return data
  return 'ended'
}

async function* forever() {
  yield { topic: 'endless', data: 'x' }
  await new Promise<never>(() => {})
}

let slow: AsyncIterator<{ readonly data: string; readonly sequence: bigint }> | undefined

/** Begins an endless stream, and reads one message of it. */
export async function beginSlowly(way: Way): Promise<number> {
  slow = clientOf(way).allStream(forever())[Symbol.asyncIterator]()
  return await readMore(1)
}

/** Reads more of it. Returns the number of the last message, of which none may be missing; -1 if one is. */
export async function readMore(count: number): Promise<number> {
  let last: bigint | undefined
  for (let read = 0; read < count; read++) {
    const { value } = (await slow?.next()) ?? {}
    if (last !== undefined && value?.sequence !== last + 1n) return -1
    last = value?.sequence
  }
  return Number(last)
}

/** Reads until it fails. */
export function readToFailure(): Promise<Failure> {
  return failureOf(readMore(Number.POSITIVE_INFINITY))
}

let produced = 0

/** Sends large messages for as long as they are taken. */
export async function sendForever(way: Way): Promise<Failure> {
  const data = 'x'.repeat(64 * 1024)
  async function* requests() {
    for (;;) {
      yield { topic: 'unread', data }
      produced += data.length
    }
  }
  return await failureOf(clientOf(way).putStream(requests()))
}

/** The octets that {@link sendForever} has given to the transport. */
export function sentBytes(): number {
  return produced
}

/** Reads a stream that ends, with a pause of 30 ms after each message. Returns how many messages came, and what failed. */
export async function readWithPauses(way: Way, limit: number): Promise<[number, Failure]> {
  let count = 0
  const failure = await failureOf(
    (async () => {
      for await (const _ of clientOf(way).getStream({ topic: 'burst', limit })) {
        count += 1
        await new Promise((resolve) => setTimeout(resolve, 30))
      }
    })(),
  )
  return [count, failure]
}

/** Holds a stream until it fails. */
export async function holdUntilFailure(way: Way): Promise<Failure> {
  return await failureOf(
    (async () => {
      for await (const _ of clientOf(way).allStream(inTurnAndWait('holding')));
    })(),
  )
}

async function* inTurnAndWait(data: string) {
  yield { topic: 'held', data }
  await new Promise<never>(() => {})
}

export async function greet(way: Way, baseUrl?: string): Promise<string | Failure> {
  return await clientOf(way, baseUrl)
    .sayHello({ name: 'page' })
    .then(({ message }) => message)
    .catch((error) => toFailure(error))
}

/** Watches a topic, shows its messages and the states of the watch in the title of the page, and publishes when asked. */
export async function watch(way: Way, count: number): Promise<void> {
  let seen = 0
  document.title = ''
  const stream = watchStream(clientOf(way).getStream, {
    request: { topic: 'watched', afterSequence: 0n },
    resumeAfter: ({ sequence, epoch }) => ({ afterSequence: sequence, epoch }),
    onState: ({ name }) => {
      document.title += ` ${name}`
    },
  })
  for await (const { data } of stream) {
    document.title += ` ${data}`
    if (++seen === count) return
  }
}

export async function publish(data: string): Promise<void> {
  await clientOf('withStreaming').publish({ topic: 'watched', data })
}

async function failureOf(call: Promise<unknown>): Promise<Failure> {
  try {
    await call
  } catch (error) {
    return toFailure(error)
  }
  return { code: 'none', message: '' }
}

function toFailure(thrown: unknown): Failure {
  const { code, rawMessage } = ConnectError.from(thrown)
  return { code: Code[code] ?? '', message: rawMessage }
}
