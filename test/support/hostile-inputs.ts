/** Generated invalid inputs: what broken and malicious peers send to the port. */
import { gzipSync } from 'node:zlib'
import { callHeaders, envelope, SAY_HELLO } from './calls.ts'
import type { ExchangeInit } from './exchange.ts'
import { encodeFrame, FRAME, PREFACE } from './http2-frames.ts'
import type { SeededRandom } from './seeded-random.ts'

/** One input: bytes for a separate connection, or a request for an HTTP/2 client to send. */
export type HostileInput =
  | { readonly kind: string; readonly bytes: Buffer; readonly isRequest: boolean }
  | { readonly kind: string; readonly request: ExchangeInit }

type Fields = Readonly<Record<string, string>>

/** A call with an error somewhere, before it is written in either HTTP version. */
interface BadCall {
  readonly path?: string
  readonly headers: Fields
  readonly body: Buffer
}

type Make<T> = (random: SeededRandom) => T

/** Inputs that are not HTTP requests, or malformed ones. */
const BAD_BYTES: Readonly<Record<string, Make<Buffer>>> = {
  'random bytes': (random) => random.bytes(random.below(2_000) + 1),
  'half a preface': (random) => PREFACE.subarray(0, random.below(PREFACE.length)),
  'a preface, then random bytes': (random) => Buffer.concat([PREFACE, random.bytes(random.below(500) + 1)]),
  'a preface, then a random frame': (random) =>
    Buffer.concat([PREFACE, encodeFrame({ type: FRAME.SETTINGS }), randomFrame(random)]),
  'a TLS hello': (random) => Buffer.concat([Buffer.from([0x16, 3, 1]), random.bytes(random.below(300))]),
  'a random request line': (random) => Buffer.from(`${random.text(30)} ${random.text(30)} HTTP/1.1\r\n\r\n`, 'latin1'),
  'a random field': (random) =>
    Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${random.text(20)}: ${random.text(40)}\r\n\r\n`, 'latin1'),
  'a header flood': (random) => {
    const fields = Array.from({ length: 101 + random.below(900) }, (_, at) => `x${at}: v\r\n`)
    return Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields.join('')}\r\n`)
  },
  'a header that is too long': (random) =>
    Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'v'.repeat(16_384 + random.below(60_000))}\r\n\r\n`),
  'a broken chunk': (random) =>
    Buffer.from(
      `POST ${SAY_HELLO} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${random.text(9)}\r\n`,
      'latin1',
    ),
}

const JSON_HEADERS = { 'content-type': 'application/json' }

/** Calls in complete HTTP requests, with an error inside. */
const BAD_CALLS: Readonly<Record<string, Make<BadCall>>> = {
  'a 4 GiB prefix': (random) => ({ ...anyRpc(random), body: Buffer.from([0, 255, 255, 255, 255, random.below(256)]) }),
  'wrong flags': (random) => ({ ...anyRpc(random), body: envelope(random.bytes(9), 4 + random.below(100)) }),
  'a malformed message': (random) => ({ ...anyRpc(random), body: envelope(random.bytes(random.below(40) + 8)) }),
  'half an envelope': (random) => ({
    ...anyRpc(random),
    body: envelope(random.bytes(40)).subarray(0, random.below(40)),
  }),
  'no message': (random) => ({ ...anyRpc(random), body: Buffer.alloc(0) }),
  'two messages': (random) => ({ ...anyRpc(random), body: Buffer.concat([HELLO, HELLO]) }),
  'truncated gzip': (random) => {
    const packed = gzipSync(random.bytes(200))
    const { headers } = anyRpc(random)
    const encoding = { 'grpc-encoding': 'gzip', 'connect-content-encoding': 'gzip' }
    return { headers: { ...headers, ...encoding }, body: envelope(packed.subarray(0, random.below(200)), 1) }
  },
  'an unknown compression': (random) => {
    const encoding = { 'grpc-encoding': random.word(8), 'connect-content-encoding': random.word(8) }
    return { headers: { ...anyRpc(random).headers, ...encoding }, body: HELLO }
  },
  'bad JSON': (random) => ({ headers: JSON_HEADERS, body: Buffer.from(random.text(random.below(80) + 1)) }),
  'JSON of the wrong type': (random) => ({
    headers: JSON_HEADERS,
    body: Buffer.from(random.pick(['[]', '1', 'null', '"x"', '{"name":{}}', '{"nope":1}', `${'['.repeat(9_999)}`])),
  }),
  'bad base64 in -bin': (random) => ({
    headers: { ...anyRpc(random).headers, 'x-bin': `%${random.word(9)}` },
    body: HELLO,
  }),
  'a bad timeout': (random) => {
    const value = random.pick(['-1S', '1e9S', '999999999S', 'S', '0x1S', random.word(6)])
    return { headers: { ...anyRpc(random).headers, 'grpc-timeout': value, 'connect-timeout-ms': value }, body: HELLO }
  },
  'an unknown codec': (random) => ({
    headers: { 'content-type': `application/${random.pick(['grpc+', 'grpc-web+', 'connect+', ''])}${random.word(6)}` },
    body: HELLO,
  }),
  'a bad path': (random) => ({
    ...anyRpc(random),
    path: random.pick([
      '/%',
      '/%zz/..',
      `//${random.word(9)}`,
      `/${'a'.repeat(3_000)}`,
      '/a.B/../c',
      `/${random.word(5)}?%`,
    ]),
    body: HELLO,
  }),
  'an unknown method': (random) => ({
    ...anyRpc(random),
    path: `/greeter.v1.GreeterService/${random.word(9)}`,
    body: HELLO,
  }),
}

/** A SayHello message in its envelope. */
const HELLO = envelope(Buffer.from('0a03416461', 'hex'))

/** This many inputs of each kind, the same in every run; calls come in both HTTP versions. */
export function* hostileInputs(random: SeededRandom, countPerKind: number): Generator<HostileInput> {
  for (let round = 0; round < countPerKind; round++) {
    for (const [kind, make] of Object.entries(BAD_BYTES)) yield { kind, bytes: make(random), isRequest: false }
    for (const [kind, make] of Object.entries(BAD_CALLS)) {
      yield { kind: `${kind}, HTTP/1.1`, bytes: asHttp1(make(random)), isRequest: true }
      yield { kind: `${kind}, HTTP/2`, request: { path: SAY_HELLO, ...make(random) } }
    }
  }
}

function anyRpc(random: SeededRandom): { headers: Fields } {
  return { headers: callHeaders(random.pick(['grpc', 'grpc-web', 'connect-stream', 'connect'])) }
}

function asHttp1({ path = SAY_HELLO, headers, body }: BadCall): Buffer {
  const fields = Object.entries({
    host: 'localhost',
    ...headers,
    'content-length': String(body.length),
    connection: 'close',
  })
  const head = `POST ${path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), body])
}

function randomFrame(random: SeededRandom): Buffer {
  return encodeFrame({
    type: random.below(12),
    flags: random.below(256),
    streamId: random.below(8),
    payload: random.bytes(random.below(100)),
  })
}
