/** Hostile responses to clients, in each protocol: the call fails with a code that says why. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { TransportOptions } from '../../client/node/transport-options.ts'
import { zstd } from '../../wire/compression/compression.ts'
import { envelop } from '../../wire/envelope.ts'
import { collect } from '../support/collect.ts'
import { type HostileAnswer, startHostileAnswers } from '../support/hostile-server.ts'
import { openGreeter } from '../support/open-greeter.ts'
import type { RawFields } from '../support/raw-http2.ts'
import { retryConfig } from '../support/retry-config.ts'

/** A protocol as these tests need it. `connect` is a unary call, whose body has no envelopes. */
interface Wire {
  readonly name: string
  readonly protocol: NonNullable<TransportOptions['protocol']>
  readonly versions: readonly ('1.1' | '2')[]
  readonly modes: readonly ('unary' | 'stream')[]
  readonly contentType: string
  readonly encoding: string
}

const MIB = 1_024 * 1_024
const MAX_BYTES = 4 * MIB
const BOMB_BYTES = 64 * MIB
const NONE = 0
const COMPRESSED = 1
const EMPTY = Buffer.alloc(0)
const EMPTY_MESSAGE = envelop(NONE, EMPTY)
const OK: RawFields = [['grpc-status', '0']]
const BOTH = ['2', '1.1'] as const

const GRPC: Wire = {
  name: 'gRPC',
  protocol: 'grpc',
  versions: ['2'],
  modes: ['unary', 'stream'],
  contentType: 'application/grpc',
  encoding: 'grpc-encoding',
}
const GRPC_WEB: Wire = {
  name: 'gRPC-Web',
  protocol: 'grpc-web',
  versions: BOTH,
  modes: ['unary', 'stream'],
  contentType: 'application/grpc-web+proto',
  encoding: 'grpc-encoding',
}
const CONNECT_STREAM: Wire = {
  name: 'Connect, streaming',
  protocol: 'connect',
  versions: BOTH,
  modes: ['stream'],
  contentType: 'application/connect+proto',
  encoding: 'connect-content-encoding',
}
const CONNECT_UNARY: Wire = {
  name: 'Connect, unary',
  protocol: 'connect',
  versions: BOTH,
  modes: ['unary'],
  contentType: 'application/proto',
  encoding: 'content-encoding',
}

/** A row of a table: the response, and the outcome of each call, as `OK` or as the code and message of its error. */
type Row = readonly [what: string, answer: HostileAnswer, outcome: RegExp]

/** The outcomes of calls with this response, in each mode and version of HTTP. */
async function outcomesOf(wire: Wire, answer: HostileAnswer): Promise<string[]> {
  const outcomes: Promise<string>[] = []
  const fields = answer.fields ?? [['content-type', wire.contentType]]
  for (const version of wire.versions) {
    const server = await startHostileAnswers(version, { ...answer, fields })
    const { client } = openGreeter({
      baseUrl: server.baseUrl,
      protocol: wire.protocol,
      httpVersion: version,
      defaultTimeoutMs: 20_000,
    })
    for (const mode of wire.modes) {
      outcomes.push(outcomeOf(mode === 'unary' ? client.sayHello({}) : collect(client.getStream({}))))
    }
  }
  return await Promise.all(outcomes)
}

async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
    return 'OK'
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return `${Code[error.code]}: ${error.rawMessage}`
  }
}

async function expectOutcome(wire: Wire, answer: HostileAnswer, outcome: RegExp): Promise<void> {
  for (const each of await outcomesOf(wire, answer)) expect(each).toMatch(outcome)
}

/** An envelope whose message does not follow. */
function announcing(length: number, flags = NONE): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt8(flags)
  prefix.writeUInt32BE(length, 1)
  return prefix
}

/** What ends a body of the protocol well. */
function endOf({ protocol }: Wire): Buffer {
  if (protocol === 'grpc-web') return Buffer.from(envelop(0x80, Buffer.from('grpc-status: 0\r\n')))
  return protocol === 'connect' ? Buffer.from(envelop(2, Buffer.from('{}'))) : EMPTY
}

describe.each([GRPC, GRPC_WEB, CONNECT_STREAM])('$name', (wire) => {
  const whole = (...parts: Uint8Array[]): HostileAnswer => ({
    body: Buffer.concat([...parts, endOf(wire)]),
    ...(wire.protocol === 'grpc' && { trailers: OK }),
  })
  const encoded = (encoding: string, data: Uint8Array): HostileAnswer => ({
    fields: [
      ['content-type', wire.contentType],
      [wire.encoding, encoding],
    ],
    ...whole(envelop(COMPRESSED, data)),
  })

  test.each<Row>([
    ['is larger than allowed', whole(envelop(NONE, Buffer.alloc(5 * MIB))), /^ResourceExhausted: .*5242880.* 4194304/],
    ['is a bomb of gzip', encoded('gzip', gzipSync(Buffer.alloc(BOMB_BYTES))), /^ResourceExhausted: .*4194304/],
    ['is compressed without an encoding', whole(envelop(COMPRESSED, EMPTY)), /^Internal: .*compressed/],
    ['has a compression that the client does not accept', encoded('br', Buffer.from('abc')), /^Internal: .*"br"/],
    ['is no gzip', encoded('gzip', Buffer.from('rubbish')), /^Internal: the message is not gzip$/],
    ['is half of its gzip', encoded('gzip', gzipSync('abc').subarray(0, 12)), /^Internal: the message is not gzip$/],
    ['is no protobuf', whole(envelop(NONE, Buffer.from([0xff, 0xff, 0xff]))), /^Internal: parse binary/],
    ['is text that is no UTF-8', whole(envelop(NONE, Buffer.from([0x0a, 2, 0xff, 0xff]))), /^Internal: parse binary/],
    [
      'is cut off',
      { body: Buffer.concat([announcing(10), Buffer.from('ab')]), trailers: OK },
      /^Internal: .*(within|incomplete)/,
    ],
    ['is cut off in its prefix', { body: Buffer.from([0, 0]), trailers: OK }, /^Internal: .*(within|incomplete)/],
  ])('a message that %s', (_what, answer, outcome) => expectOutcome(wire, answer, outcome))

  test.runIf(zstd !== undefined)('rejects a zstd bomb', () => {
    const answer = encoded('zstd', zstdCompressSync(Buffer.alloc(BOMB_BYTES)))
    return expectOutcome(wire, answer, /^ResourceExhausted: .*4194304/)
  })

  test.each<Row>([
    ['has no end', { body: Buffer.from(EMPTY_MESSAGE) }, /^(Unknown|Internal): .*(no grpc-status|missing)/],
    ['is nothing', {}, /^(Unknown|Internal): .*(no grpc-status|missing)/],
    ['is a page', { fields: [['content-type', 'text/html']], body: Buffer.from('<html>') }, /^Unknown: .*text\/html/],
    ['is the page of a proxy', { status: 502, fields: [['content-type', 'text/html']] }, /^Unavailable: HTTP.* 502$/],
    ['is a redirection', { status: 302, fields: [['location', 'http://127.0.0.1:1/']] }, /^Unknown: HTTP.* 302$/],
    [
      'is the page of a proxy that never ends',
      { status: 503, fields: [['content-type', 'text/html']], body: Buffer.alloc(5 * MIB), isUnfinished: true },
      /^Unavailable: HTTP.* 503$/,
    ],
    ['is of another protocol', { fields: [['content-type', 'application/xml']] }, /^Unknown: /],
  ])('a response that %s', (_what, answer, outcome) => expectOutcome(wire, answer, outcome))

  test('announced lengths of 4 GiB allocate nothing, and end a stream at once', async () => {
    const before = process.memoryUsage().arrayBuffers
    const answer: HostileAnswer = { body: announcing(0xffffffff), isUnfinished: true }
    await expectOutcome({ ...wire, modes: ['stream'] }, answer, /^ResourceExhausted: .*4294967295.* 4194304/)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MAX_BYTES)
  })
})

describe('gRPC', () => {
  test('a unary call whose message never arrives ends at its deadline', async () => {
    const server = await startHostileAnswers('2', {
      fields: [['content-type', 'application/grpc']],
      body: announcing(0xffffffff),
      isUnfinished: true,
    })
    const { client } = openGreeter({ baseUrl: server.baseUrl, defaultTimeoutMs: 100 })
    const call = client.sayHello({})
    expect(await outcomeOf(call)).toBe('DeadlineExceeded: the deadline of 100 ms passed')
  })

  test.each(['x', '-1', '99', '', '1.0', '00'])('the status "%s" is UNKNOWN', (status) =>
    expectOutcome(GRPC, { trailers: [['grpc-status', status]] }, /^Unknown: unknown grpc-status "/),
  )

  test('a message with invalid escapes and control characters keeps its readable part', async () => {
    const trailers: RawFields = [
      ['grpc-status', '5'],
      ['grpc-message', '100%, %zz %1b[31m %ff \x1b %'],
    ]
    const readable = 'NotFound: 100%, %zz \u001b[31m \ufffd \u001b %'
    expect(await outcomesOf(GRPC, { trailers })).toEqual([readable, readable])
  })

  test.each(['!!!', '/////w', 'AAAA'])('details that are "%s" leave the status unchanged', (details) => {
    const trailers: RawFields = [
      ['grpc-status', '5'],
      ['grpc-message', 'not here'],
      ['grpc-status-details-bin', details],
    ]
    return expectOutcome(GRPC, { trailers }, /^NotFound: not here$/)
  })

  test('invalid binary metadata is passed on unchanged', () => {
    const fields: RawFields = [
      ['content-type', 'application/grpc'],
      ['x-bin', '!!'],
    ]
    return expectOutcome(GRPC, { fields, body: Buffer.from(EMPTY_MESSAGE), trailers: OK }, /^OK$/)
  })

  test.each(['x', '-1', '2147483648', '99999999999', '1 2', ''])(
    'the pushback "%s" stops retries',
    async (pushback) => {
      const fields: RawFields = [
        ['content-type', 'application/grpc'],
        ['grpc-status', '14'],
        ['grpc-retry-pushback-ms', pushback],
      ]
      const server = await startHostileAnswers('2', { fields })
      const serviceConfig = retryConfig(5, 'UNAVAILABLE')
      const { client } = openGreeter({ baseUrl: server.baseUrl, defaultTimeoutMs: 20_000, serviceConfig })
      expect(await outcomeOf(client.sayHello({}))).toMatch(/^Unavailable/)
      expect(server.requests).toBe(1)
    },
  )
})

describe('gRPC-Web', () => {
  const ending = (trailers: string, flags = 0x80): HostileAnswer => ({
    body: Buffer.concat([EMPTY_MESSAGE, envelop(flags, Buffer.from(trailers))]),
  })

  test.each<Row>([
    ['are no fields', ending('rubbish'), /^Internal: .*missing status/],
    ['are empty', ending(''), /^Internal: .*missing status/],
    ['have an invalid name', ending('gr pc"(: 0\r\ngrpc-status: 0\r\n'), /^(Unknown|Internal): .*invalid header name/],
    ['have a NUL', ending('grpc-status: 0\r\nx: a\0b\r\n'), /^(Unknown|Internal): .*invalid header value/],
    ['have an invalid status', ending('grpc-status: x\r\n'), /^Unknown: unknown grpc-status "x"$/],
    ['have a text with broken escapes', ending('grpc-status: 5\r\ngrpc-message: 100%\r\n'), /^NotFound: 100%$/],
    [
      'have a text with an escape of no digits',
      ending('grpc-status: 5\r\ngrpc-message: %ZZ %41\r\n'),
      /^NotFound: %ZZ A$/,
    ],
    ['have a text that is no UTF-8', ending('grpc-status: 5\r\ngrpc-message: a%FFb\r\n'), /^NotFound: a\ufffdb$/],
    [
      'stand in the head, with a text with broken escapes',
      {
        fields: [
          ['content-type', 'application/grpc-web+proto'],
          ['grpc-status', '5'],
          ['grpc-message', '100%'],
        ],
        body: EMPTY,
      },
      /^NotFound: 100%$/,
    ],
    ['are announced with 4 GiB', { body: announcing(0xffffffff, 0x80), isUnfinished: true }, /^ResourceExhausted: /],
    ['come twice', { body: Buffer.concat([endOf(GRPC_WEB), endOf(GRPC_WEB)]) }, /^(Unimplemented|Internal): /],
    [
      'are a bomb',
      {
        fields: [
          ['content-type', 'application/grpc-web+proto'],
          ['grpc-encoding', 'gzip'],
        ],
        body: Buffer.from(envelop(0x81, gzipSync(Buffer.alloc(BOMB_BYTES)))),
      },
      /^ResourceExhausted: .*(65536|too large)/,
    ],
    ['are longer than allowed', ending(`x: ${'y'.repeat(65_536)}\r\n`), /^ResourceExhausted: .*trailers .*too large/],
    ['are more than allowed', ending('a: b\r\n'.repeat(200)), /^ResourceExhausted: .*trailers .*too large/],
    ['are more than allowed, with the status last', ending(`${'a: b\r\n'.repeat(200)}grpc-status: 0\r\n`), /^Reso/],
    [
      'are a million when they are inflated',
      {
        fields: [
          ['content-type', 'application/grpc-web+proto'],
          ['grpc-encoding', 'gzip'],
        ],
        body: Buffer.from(envelop(0x81, gzipSync('a:b\r\n'.repeat(1_000_000)))),
      },
      /^ResourceExhausted: .*(65536|too large)/,
    ],
    [
      'are followed by a message',
      { body: Buffer.concat([EMPTY_MESSAGE, endOf(GRPC_WEB), EMPTY_MESSAGE]) },
      /^(Unimplemented|Internal): /,
    ],
  ])('trailers that %s', (_what, answer, outcome) => expectOutcome(GRPC_WEB, answer, outcome))
})

/** Metadata of an EndStreamResponse. */
function names(count: number, bytes = 1): Record<string, string[]> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`x-${index}`, ['v'.repeat(bytes)]]))
}

describe('Connect, streaming', () => {
  const ending = (end: string): HostileAnswer => ({
    body: Buffer.concat([EMPTY_MESSAGE, envelop(2, Buffer.from(end))]),
  })

  test.each<Row>([
    ['is empty', ending(''), /^Internal: .*EndStreamResponse/],
    ['is no JSON', ending('{'), /^Internal: .*EndStreamResponse/],
    ['is nested 60,000 deep', ending('['.repeat(60_000)), /^Internal: .*EndStreamResponse/],
    ['is longer than allowed', ending(`{"a":"${'b'.repeat(65_536)}"}`), /^ResourceExhausted: .*trailers .*too large/],
    ['has 700,000 values', ending(`{"metadata":{"a":["b"${',"b"'.repeat(700_000)}]}}`), /^ResourceExhausted: /],
    ['has 200 values', ending(`{"metadata":{"a":["b"${',"b"'.repeat(200)}]}}`), /^ResourceExhausted: .*too large/],
    ['has 200 names', ending(`{"metadata":${JSON.stringify(names(200))}}`), /^ResourceExhausted: .*too large/],
    [
      'has values of 62 KiB that count with their names',
      ending(`{"metadata":${JSON.stringify(names(124, 495))}}`),
      /^Reso/,
    ],
    ['has invalid field names', ending('{"metadata":{"a b":["x"]}}'), /^Internal: .*EndStreamResponse/],
    ['has an invalid error', ending('{"error":7}'), /^Internal: .*EndStreamResponse/],
    ['has an unknown code', ending('{"error":{"code":"nope"}}'), /^Unknown: /],
    ['has a code that means something to JavaScript', ending('{"error":{"code":"__proto__"}}'), /^Unknown: /],
    [
      'stands in the middle',
      { body: Buffer.concat([endOf(CONNECT_STREAM), EMPTY_MESSAGE]) },
      /^Internal: .*extra message/,
    ],
    ['comes twice', { body: Buffer.concat([endOf(CONNECT_STREAM), endOf(CONNECT_STREAM)]) }, /^Internal: .*extra/],
  ])('an end that %s', (_what, answer, outcome) => expectOutcome(CONNECT_STREAM, answer, outcome))
})

describe('Connect, unary', () => {
  const failing = (body: string | Buffer, ...fields: RawFields): HostileAnswer => ({
    status: 404,
    fields: [['content-type', 'application/json'], ...fields],
    body: Buffer.from(body),
  })
  const encoded = (encoding: string, body: Uint8Array): HostileAnswer => ({
    fields: [
      ['content-type', 'application/proto'],
      ['content-encoding', encoding],
    ],
    body: Buffer.from(body),
  })

  test.each<Row>([
    ['is empty', failing(''), /^Unimplemented: HTTP 404$/],
    ['is no JSON', failing('{'), /^Unimplemented: HTTP 404$/],
    ['is nested 60,000 deep', failing('['.repeat(60_000)), /^Unimplemented: HTTP 404$/],
    ['is nested 2,000,000 deep', failing('['.repeat(2_000_000)), /^ResourceExhausted: .*error .*too large/],
    ['has an unknown code', failing('{"code":"nope"}'), /^Unimplemented: /],
    ['has a code that means something to JavaScript', failing('{"code":"__proto__"}'), /^Unknown: /],
    ['has the code "constructor"', failing('{"code":"constructor"}'), /^Unknown: /],
    ['has a message that is not text', failing('{"code":"not_found","message":{}}'), /^Unimplemented: HTTP 404$/],
    ['has invalid details', failing('{"code":"not_found","details":[1,null]}'), /^(Unimplemented|NotFound): /],
    ['is larger than allowed', failing(Buffer.alloc(5 * MIB, ' ')), /^ResourceExhausted: .*error .*too large/],
    ['never ends', { ...failing(Buffer.alloc(5 * MIB, ' ')), isUnfinished: true }, /^ResourceExhausted: .*too large/],
    [
      'is a bomb',
      failing(gzipSync(Buffer.alloc(BOMB_BYTES)), ['content-encoding', 'gzip']),
      /^ResourceExhausted: .*(65536|too large)/,
    ],
    ['is no gzip', failing('rubbish', ['content-encoding', 'gzip']), /^Internal: the message is not gzip$/],
    ['is compressed in no known way', failing('{}', ['content-encoding', 'x']), /^Internal: .*"x"/],
    ['is the page of a proxy', { status: 502, fields: [['content-type', 'text/html']] }, /^Unavailable: HTTP 502$/],
  ])('an error that %s', (_what, answer, outcome) => expectOutcome(CONNECT_UNARY, answer, outcome))

  test.each<Row>([
    ['is larger than allowed', { body: Buffer.alloc(5 * MIB) }, /^ResourceExhausted: .*4194304/],
    ['never ends', { body: Buffer.alloc(5 * MIB), isUnfinished: true }, /^ResourceExhausted: .*4194304/],
    ['is a bomb of gzip', encoded('gzip', gzipSync(Buffer.alloc(BOMB_BYTES))), /^ResourceExhausted: .*4194304/],
    ['has a compression that the client does not accept', encoded('br', EMPTY), /^Internal: .*"br"/],
    ['is no gzip', encoded('gzip', Buffer.from('rubbish')), /^Internal: the message is not gzip$/],
    ['is no protobuf', { body: Buffer.from([0xff, 0xff]) }, /^Internal: parse binary/],
    ['is a page', { fields: [['content-type', 'text/html']], body: Buffer.from('<html>') }, /^Unknown: .*text\/html/],
    [
      'is JSON for protobuf',
      { fields: [['content-type', 'application/json']], body: Buffer.from('{}') },
      /^Internal: /,
    ],
    ['is that of a stream', { fields: [['content-type', 'application/connect+proto']] }, /^Internal: /],
  ])('a response that %s', (_what, answer, outcome) => expectOutcome(CONNECT_UNARY, answer, outcome))
})
