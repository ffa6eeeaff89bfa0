/** Attacks on the client over HTTP/2, and what became of the call that was attacked. */
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

/** Does its worst to the stream of a request that has come. */
export type Attack = (peer: RawPeer, streamId: number) => void

/** Both of them. */
export const MODES: readonly Mode[] = ['unary', 'stream']

/** The head of an answer that goes well. */
export const HEAD: RawFields = [
  [':status', '200'],
  ['content-type', 'application/grpc'],
]

/** A message without a field, in its envelope. */
export const EMPTY_MESSAGE = Buffer.alloc(5)

const OK: RawFields = [['grpc-status', '0']]

/** Calls that hang would end with this, which only some of them may. */
const LONG_MS = 20_000

/** A client, until the running test ends. */
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

/** `OK`, or the code and the text of the error. */
export function outcomeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => 'OK',
    ({ code, rawMessage }: ConnectError) => `${Code[code]}: ${rawMessage}`,
  )
}

/** The outcome of a call to a server that attacks it; a client of an honest server sees nothing of that. */
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

/** An answer with one message, whose parts a test replaces. */
export function answer(peer: RawPeer, streamId: number, head: RawFields = HEAD, trailers: RawFields = OK): void {
  peer.headers(streamId, head)
  peer.send(FrameType.DATA, FrameFlag.NONE, streamId, EMPTY_MESSAGE)
  peer.headers(streamId, trailers, FrameFlag.END_HEADERS | FrameFlag.END_STREAM)
}
