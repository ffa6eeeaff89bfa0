/** Attacks on the HTTP/2 client, and the outcome of the attacked call. */
import { Code, type ConnectError } from '@connectrpc/connect'
import { expect } from 'vitest'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { FrameFlag, FrameType } from '../../wire/http2/frame.ts'
import { collect } from './collect.ts'
import { startHostileHttp2 } from './hostile-server.ts'
import { startHttpServer } from './http-server.ts'
import { openGreeter } from './open-greeter.ts'
import { frame, type RawFields, type RawPeer, uint32 } from './raw-http2.ts'

/** How a client calls. */
export type Mode = 'unary' | 'stream'

/** Attacks the stream of a received request. */
export type Attack = (peer: RawPeer, streamId: number) => void

/** Both of them. */
export const MODES: readonly Mode[] = ['unary', 'stream']

/** The headers of a successful response. */
export const HEAD: RawFields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]

/** An empty message, in its envelope. */
export const EMPTY_MESSAGE = Buffer.alloc(5)

const OK: RawFields = [['grpc-status', '0']]

/** The outcome of calls that hang, which only some of them may. */
const LONG_MS = 20_000

/** A client for the duration of the test. */
export function connect(options: TransportOptions) {
  const { transport, client } = openGreeter({ defaultTimeoutMs: LONG_MS, ...options })
  return {
    transport,
    client,
    call: (mode: Mode, timeoutMs?: number): Promise<unknown> => {
      const callOptions = timeoutMs === undefined ? {} : { timeoutMs }
      return mode === 'unary' ? client.sayHello({}, callOptions) : collect(client.getStream({}, callOptions))
    },
  }
}

/** `OK`, or the code and message of the error. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    ({ code, rawMessage }: ConnectError) => `${Code[code]}: ${rawMessage}`,
  )
}

/** The outcome of a call to a hostile server; a client of a normal server must be unaffected. */
export async function outcomeUnder(attack: Attack, mode: Mode, timeoutMs?: number): Promise<string> {
  const honest = await startHttpServer({ httpVersion: '2', greeter: { sayHello: () => ({ message: 'well' }) } })
  const { client: canary } = connect({ baseUrl: honest.origin })
  const server = await startHostileHttp2({ onRequest: attack })
  const { call } = connect({ baseUrl: server.baseUrl })
  const outcome = await outcomeOf(call(mode, timeoutMs))
  expect(await canary.sayHello({})).toMatchObject({ message: 'well' })
  return outcome
}

/** The server leaves. */
export function goaway(lastStreamId: number, code: number, text = ''): Buffer {
  return frame(
    FrameType.GOAWAY,
    FrameFlag.NONE,
    0,
    Buffer.concat([uint32(lastStreamId), uint32(code), Buffer.from(text)]),
  )
}

/** A response with one message, whose parts a test replaces. */
export function answer(peer: RawPeer, streamId: number, head: RawFields = HEAD, trailers: RawFields = OK): void {
  peer.headers(streamId, head)
  peer.send(FrameType.DATA, FrameFlag.NONE, streamId, EMPTY_MESSAGE)
  peer.headers(streamId, trailers, FrameFlag.END_HEADERS | FrameFlag.END_STREAM)
}
