import { once } from 'node:events'
import http2 from 'node:http2'
import { duplexPair } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HpackDecoder } from '../../wire/http2/hpack/hpack-decoder.ts'
import { HpackEncoder } from '../../wire/http2/hpack/hpack-encoder.ts'
import { FramePipe } from '../unit/wire/http2/hpack/frame-pipe.ts'
import { encodeAll } from '../unit/wire/http2/hpack/support.ts'

/** A field to send, and whether it is never indexed. */
type Field = readonly [name: string, value: string, isSensitive: boolean]

const LARGEST_TABLE = 65_536

const tableSize = fc.oneof(fc.constantFrom(0, 1, 31, 32, 64, 100, 4096, LARGEST_TABLE), fc.nat(LARGEST_TABLE))
const name = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom('x-a', 'x-b', 'grpc-timeout', 'content-type', 'user-agent', 'cookie', 'accept'),
  },
  { weight: 1, arbitrary: fc.stringMatching(/^x-[a-z0-9!#$%&'*+.^_`|~-]{1,20}$/) },
)
/** Every octet that HTTP/2 allows in a value, with no blank at an end, as latin1. */
const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('', '1', 'application/grpc', '99999u', 'v'.repeat(256), 'w'.repeat(257)) },
  { weight: 2, arbitrary: fc.stringMatching(/^[!-~\x80-\xff]([\t -~\x80-\xff]{0,60}[!-~\x80-\xff])?$/) },
  { weight: 1, arbitrary: fc.nat(375).map((count) => 'long'.repeat(count)) },
)
const fields: fc.Arbitrary<Field[]> = fc.uniqueArray(fc.tuple(name, value, fc.boolean()), {
  maxLength: 8,
  selector: ([name]) => name,
})
/** Lists of fields, each round under another size of the table. */
const rounds = fc.array(
  fc.record({ size: tableSize, smallest: tableSize, lists: fc.array(fields, { minLength: 1, maxLength: 8 }) }),
  { minLength: 1, maxLength: 5 },
)

test('decodes what a node:http2 client encodes, through every change of the table size', async () => {
  let blocks = 0
  let updates = 0
  const property = fc.asyncProperty(rounds, async (rounds) => {
    const decoder = new HpackDecoder({ maxTableSize: LARGEST_TABLE, maxHeaderListSize: 1e6, maxFields: 100 })
    const client = startNodeClient(decoder)
    try {
      for (const { size, smallest, lists } of rounds) {
        await client.changeTableSize(smallest)
        await client.changeTableSize(size)
        for (const list of lists) expect(await client.send(list)).toEqual(list)
        blocks += lists.length
      }
      updates += client.tableSizeUpdates()
    } finally {
      client.close()
    }
  })
  await fc.assert(property, { seed: 9113, numRuns: 60 })
  expect(blocks).toBeGreaterThan(300)
  expect(updates).toBeGreaterThan(100)
})

test.each([4096, LARGEST_TABLE])(
  'a node:http2 server decodes what our encoder writes with up to %i bytes of table',
  async (maxTableSize) => {
    let blocks = 0
    const property = fc.asyncProperty(rounds, async (rounds) => {
      const server = startNodeServer(new HpackEncoder({ maxTableSize }))
      try {
        for (const { size, smallest, lists } of rounds) {
          await Promise.all([server.changeTableSize(smallest), server.changeTableSize(size)])
          // Each list three times: as a literal, inserted, and by its indexes.
          for (const list of [...lists, ...lists, ...lists]) expect(await server.send(list)).toEqual(plainOf(list))
          blocks += 3 * lists.length
        }
      } finally {
        server.close()
      }
    })
    await fc.assert(property, { seed: 7541, numRuns: 40 })
    expect(blocks).toBeGreaterThan(600)
  },
)

/** A client of node:http2 whose requests end in `decoder`. The first change of the table size is the server's preface. */
function startNodeClient(decoder: HpackDecoder) {
  const [near, far] = duplexPair()
  let onFields: (fields: Field[]) => void = () => {}
  let onAck: () => void = () => {}
  let tableSizeUpdates = 0
  const pipe = new FramePipe(far, 'server', {
    onBlock(block, streamId) {
      const decoded = decoder.decode(block, 0, block.length)
      tableSizeUpdates += decoded.tableSizeUpdates
      onFields(decoded.fields.map((field) => [field.name, field.value, field.neverIndexed]))
      pipe.sendBlock(streamId, Buffer.from([0x88]))
    },
    onAck: () => onAck(),
  })
  const session = http2.connect('http://localhost', {
    createConnection: () => near,
    maxDeflateDynamicTableSize: LARGEST_TABLE,
  })
  return {
    tableSizeUpdates: () => tableSizeUpdates,
    changeTableSize(size: number): Promise<void> {
      const acknowledged = new Promise<void>((resolve) => {
        onAck = resolve
      })
      pipe.sendSettings(size)
      return acknowledged
    },
    async send(list: readonly Field[]): Promise<Field[]> {
      const received = new Promise<Field[]>((resolve) => {
        onFields = resolve
      })
      const stream = session.request(headersOf(list), { endStream: true })
      stream.resume()
      const [decoded] = await Promise.all([received, once(stream, 'close')])
      const sensitive = new Set(list.filter(([, , isSensitive]) => isSensitive).map(([name]) => name))
      // nghttp2 marks short cookies of itself.
      return decoded
        .filter(([name]) => !name.startsWith(':'))
        .map(([name, value, never]) => [name, value, name === 'cookie' && never ? sensitive.has(name) : never])
    },
    close: () => session.destroy(),
  }
}

/** A server of node:http2 that is sent what `encoder` makes. */
function startNodeServer(encoder: HpackEncoder) {
  const [near, far] = duplexPair()
  const session = http2.performServerHandshake(near)
  let streamId = -1
  let onStream: (rawHeaders: string[]) => void = () => {}
  session.on('stream', (stream, _headers, _flags, rawHeaders) => {
    stream.respond({ ':status': 200 }, { endStream: true })
    onStream(rawHeaders)
  })
  const pipe = new FramePipe(far, 'client', {
    onSettings: (size) => encoder.setPeerTableSize(size ?? 4096),
  })
  pipe.sendSettings()
  return {
    changeTableSize(size: number): Promise<void> {
      return new Promise((resolve, reject) => {
        session.settings({ headerTableSize: size }, (error) => (error === null ? resolve() : reject(error)))
      })
    },
    async send(list: readonly Field[]): Promise<[string, string][]> {
      const received = new Promise<string[]>((resolve) => {
        onStream = resolve
      })
      const pseudo: Field[] = [
        [':method', 'GET', false],
        [':scheme', 'http', false],
        [':path', '/a/b', false],
        [':authority', 'localhost', false],
      ]
      const block = [...pseudo, ...list].map(([name, value, neverIndexed]) => ({ name, value, neverIndexed }))
      streamId += 2
      pipe.sendBlock(streamId, encodeAll(encoder, block))
      const raw = await received
      return pairUp(raw).filter(([name]) => !name.startsWith(':'))
    },
    close: () => session.destroy(),
  }
}

function headersOf(list: readonly Field[]): http2.OutgoingHttpHeaders {
  const sensitive = list.filter(([, , isSensitive]) => isSensitive).map(([name]) => name)
  return { ...Object.fromEntries(list), [http2.sensitiveHeaders]: sensitive }
}

function plainOf(list: readonly Field[]): [string, string][] {
  return list.map(([name, value]) => [name, value])
}

function pairUp(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] ?? '', raw[2 * i + 1] ?? ''])
}
