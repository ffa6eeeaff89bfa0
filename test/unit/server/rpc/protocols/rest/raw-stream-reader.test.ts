import { create, type Message } from '@bufbuild/protobuf'
import { expect, test } from 'vitest'
import { type HttpBody, HttpBodySchema } from '../../../../../../gen/google/api/httpbody_pb.js'
import { RawStreamReader } from '../../../../../../server/rpc/protocols/rest/calls/raw-stream-reader.ts'
import { ChunkedSource } from '../../../../../support/chunked-source.ts'

function readerOf(source: ChunkedSource): RawStreamReader {
  const decoder = { decode: (data: Uint8Array): Message => create(HttpBodySchema, { data }) }
  const reading = { maxBytes: 1_000, compression: null, decoder }
  return new RawStreamReader(source, reading, { bind: () => undefined })
}

test('a client that pauses between chunks owes nothing', () => {
  const source = new ChunkedSource([Buffer.from('one'), Buffer.from('two')])
  const reader = readerOf(source)
  for (const text of ['one', 'two']) {
    expect([reader.poll(), reader.isOwed]).toEqual([false, false])
    source.arrive()
    expect([reader.poll(), reader.isAtEnd]).toEqual([true, false])
    expect(Buffer.from((reader.take() as HttpBody).data).toString()).toBe(text)
  }
  expect([reader.poll(), reader.isAtEnd]).toEqual([true, true])
})
