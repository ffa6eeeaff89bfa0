/** Fuzz targets for calls: envelopes, base64, timeouts, media types, authorities, and whole calls. */
import assert from 'node:assert/strict'
import { ConnectError } from '@connectrpc/connect'
import { GreeterService } from '../../../gen/greeter/v1/greeter_pb.js'
import { clampConnectTimeout, clampGrpcTimeout } from '../../../server/reference/call-hooks.ts'
import { CallHead, MediaFamily } from '../../../server/rpc/exchange/call-head.ts'
import { protocolOf } from '../../../server/rpc/exchange/caller-protocol.ts'
import { Base64Source } from '../../../server/rpc/protocols/grpc-web/base64-source.ts'
import { STANDARD_PROTOCOLS } from '../../../server/rpc/standard-protocols.ts'
import { isBinaryMetadata } from '../../../wire/base64.ts'
import type { ByteSource } from '../../../wire/byte-source.ts'
import { AS_OCTETS, EnvelopeReader } from '../../../wire/envelope-reader.ts'
import { parseAuthority } from '../../../wire/http2/http2.ts'
import { encodeGrpcMessage } from '../../../wire/status-fields.ts'
import { parseConnectTimeout, parseGrpcTimeout } from '../../../wire/timeout-header.ts'
import { callHeaders, envelope, SAY_HELLO } from '../calls.ts'
import { createLaneBench } from '../lane-bench.ts'
import { settled } from '../settled.ts'
import { CountingSource } from './counting-source.ts'
import type { FuzzTarget } from './fuzz-target.ts'
import { JSON_TARGET } from './json-target.ts'
import { messageSplits } from './message-splits-target.ts'

const MAX_MESSAGE_BYTES = 10_000
const DAY_MS = 86_400_000

const texts = (...values: string[]) => values.map((value) => Buffer.from(value, 'latin1'))

/** Reads every message. Returns their total size. */
function readAll(source: ByteSource, advance: () => boolean): number {
  const reader = new EnvelopeReader(source, { maxBytes: MAX_MESSAGE_BYTES, compression: null, decoder: AS_OCTETS })
  let bytes = 0
  try {
    for (;;) {
      while (!reader.poll()) assert(advance(), 'the reader waits though all is there')
      if (reader.isAtEnd) return bytes
      bytes += (reader.take() as Uint8Array).byteLength
    }
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error
    return bytes
  }
}

const ENVELOPES = Buffer.concat([
  envelope(Buffer.from('one')),
  envelope(Buffer.alloc(0)),
  envelope(Buffer.alloc(300, 7)),
])

const envelopes: FuzzTarget = {
  name: 'envelopes',
  corpus: [ENVELOPES],
  stepsPerOctet: 3,
  run(input) {
    const source = new CountingSource(input)
    assert(readAll(source, () => source.advance()) <= input.length)
    return source.steps
  },
}

const base64Bodies: FuzzTarget = {
  name: 'base64 bodies',
  corpus: [
    ...texts(ENVELOPES.toString('base64'), 'AAAAAAA=AAAAAAA='),
    Buffer.from(ENVELOPES.toString('base64').repeat(20)),
  ],
  stepsPerOctet: 3,
  run(input) {
    const text = new CountingSource(input)
    assert(readAll(new Base64Source(text), () => text.advance()) <= input.length)
    return text.steps
  },
}

const binaryMetadata: FuzzTarget = {
  name: 'binary metadata',
  corpus: texts('AAECAw==', 'AAECAw', '-_-_', 'AA==, AQ, AgM='),
  stepsPerOctet: 1,
  run(input) {
    const text = input.toString('latin1')
    if (!isBinaryMetadata(text)) return 0
    for (const part of text.split(',')) {
      const plain = part.trim().replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
      const length = Buffer.from(plain, 'base64').length
      assert.equal(length, Math.floor((plain.length * 3) / 4), 'what passes decodes to all of its length')
    }
    return 0
  },
}

const timeouts: FuzzTarget = {
  name: 'timeouts',
  corpus: texts('1S', '99999999H', '0n', '86400000m', '9999999999', '0'),
  stepsPerOctet: 1,
  run(input) {
    const text = input.toString('latin1')
    check(parseGrpcTimeout(text), clampGrpcTimeout(text, DAY_MS), parseGrpcTimeout)
    check(parseConnectTimeout(text), clampConnectTimeout(text, DAY_MS), parseConnectTimeout)
    return 0
  },
}

function check(
  timeoutMs: number | undefined,
  clamped: string | undefined,
  parse: (text: string) => number | undefined,
): void {
  if (timeoutMs === undefined) {
    assert.equal(clamped, undefined)
    return
  }
  assert(Number.isFinite(timeoutMs) && timeoutMs >= 0)
  assert.equal(clamped === undefined, timeoutMs <= DAY_MS)
  if (clamped !== undefined) assert.equal(parse(clamped), DAY_MS)
}

const FAMILIES = [
  ...['grpc', 'grpc-web', 'grpc-web-text'].map((name) => new MediaFamily(`application/${name}`, 'proto')),
  new MediaFamily('application/connect', undefined),
]

const mediaTypes: FuzzTarget = {
  name: 'media types',
  corpus: texts(
    'application/grpc',
    'application/grpc+proto',
    'application/grpc-web-text+json',
    'application/connect+json; charset=utf-8',
    'application/json;charset="UTF-8"',
    `application/json${' '.repeat(5_000)};`,
  ),
  stepsPerOctet: 1,
  run(input) {
    const text = input.toString('latin1')
    const head = new CallHead({ method: 'POST', path: '/', fields: [{ name: 'content-type', value: text }] })
    const protocol = protocolOf(STANDARD_PROTOCOLS, head, false)
    const family = FAMILIES.find((candidate) => candidate.formatOf(head.contentType) !== undefined)
    if (family === undefined) return 0
    assert.match(text, /^application\/[a-z+-]+[\t ]*(;|$)/i)
    // A request that opens as a call is also recognised, by the same protocol.
    assert(protocol !== undefined && family.includes(head.contentType))
    assert.deepEqual(protocol.contentTypes, family.names)
    return 0
  },
}

const authorities: FuzzTarget = {
  name: 'authorities',
  corpus: texts('localhost:8080', '[::1]:443', 'example.test', '127.0.0.1', 'a'.repeat(5_000)),
  stepsPerOctet: 1,
  run(input) {
    const authority = parseAuthority(input.toString('latin1'))
    if (authority === undefined) return 0
    assert(!/[\s@/?#\\]/.test(authority.host))
    assert(authority.port === undefined || (authority.port >= 0 && authority.port <= 65_535))
    return 0
  },
}

const grpcMessages: FuzzTarget = {
  name: 'error texts',
  corpus: texts('not found', '100 %', 'caf\u00e9\r\nx: y'),
  stepsPerOctet: 1,
  run(input) {
    const text = input.toString()
    const encoded = encodeGrpcMessage(text)
    assert.match(encoded, /^[\x20-\x7e]*$/)
    assert(text.toWellFormed().startsWith(decodeURIComponent(encoded)))
    return 0
  },
}

const HEADS = Object.entries({ grpc: 0, 'grpc-web': 0, 'grpc-web-text': 0, connect: 0, 'connect-json': 0 }).map(
  ([protocol]) => callHeaders(protocol as Parameters<typeof callHeaders>[0]),
)

/** The first byte selects the protocol; then one more header field up to a line end; then the body. */
const calls: FuzzTarget = {
  name: 'calls',
  corpus: [
    Buffer.concat([Buffer.from('\0grpc-timeout: 1S\n'), envelope(Buffer.from('0a03416461', 'hex'))]),
    Buffer.concat([Buffer.from('\u0001x-bin: AAEC\n'), envelope(Buffer.from('0a03416461', 'hex'))]),
    Buffer.from('\u0002grpc-encoding: gzip\nAAAAAAUKA0FkYQ=='),
    Buffer.concat([Buffer.from('\u0003connect-timeout-ms: 9\n'), Buffer.from('0a03416461', 'hex')]),
    Buffer.from('\u0004content-encoding: identity\n{"name":"Ada"}'),
  ],
  stepsPerOctet: 1,
  async run(input) {
    const bench = createLaneBench((router) =>
      router.service(GreeterService, { sayHello: ({ name }) => ({ message: name }) }),
    )
    const end = Math.max(1, input.indexOf('\n'))
    const [name = 'x', value = ''] = input.toString('latin1', 1, end).split(': ', 2)
    const fields = Object.entries({ ...HEADS[(input[0] ?? 0) % HEADS.length], [name.toLowerCase()]: value })
    const exchange = bench.request({ path: SAY_HELLO, fields })
    const body = input.subarray(end + 1)
    if (!exchange.isEnded) exchange.feed(body.subarray(0, body.length >> 1))
    if (!exchange.isEnded) exchange.feed(body.subarray(body.length >> 1), true)
    for (let turn = 0; turn < 50 && exchange.releases === 0; turn++) await settled()
    assert.equal(exchange.releases, 1, 'a call is over exactly once')
    assert(exchange.isEnded, 'a call is answered')
    assert.deepEqual(bench.faults, [], 'nothing is a fault of ours')
    return 0
  },
}

/** All of them. */
export const CALL_TARGETS: readonly FuzzTarget[] = [
  envelopes,
  messageSplits,
  base64Bodies,
  binaryMetadata,
  timeouts,
  mediaTypes,
  authorities,
  grpcMessages,
  calls,
  JSON_TARGET,
]
