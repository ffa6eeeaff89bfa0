import { create } from '@bufbuild/protobuf'
import { describe, expect, test } from 'vitest'
import { type GetStreamResponse, GetStreamResponseSchema } from '../../../../../../../gen/greeter/v1/greeter_pb.js'
import { ResponseBlock } from '../../../../../../../server/rpc/exchange/response-block.ts'
import { ENVELOPE, JSON_ARRAY, NDJSON } from '../../../../../../../server/rpc/protocols/rest/streams/json-formats.ts'
import { createSseFormat } from '../../../../../../../server/rpc/protocols/rest/streams/sse-format.ts'
import type { StreamFormat } from '../../../../../../../server/rpc/protocols/rest/streams/stream-format.ts'
import type { Answer } from '../../../../../../../server/rpc/protocols/server-protocol.ts'
import { MemoryExchange } from '../../../../../../support/memory-exchange.ts'

const STATUS = '{"code":5,"message":"gone"}'
const SSE = createSseFormat(null)
const SSE_WITH_IDS = createSseFormat({
  idOf: (message) => String((message as GetStreamResponse).sequence),
  retryMs: 250,
})

/** Each format, its body for no message, for two, and for two and an error; null for a reset. */
const ROWS: readonly (readonly [StreamFormat, none: string, two: string, failed: string | null])[] = [
  [NDJSON, '', '{"a":1}\n{"b":2}\n', `{"a":1}\n{"b":2}\n{"error":${STATUS}}\n`],
  [
    ENVELOPE,
    '',
    '{"result":{"a":1}}\n{"result":{"b":2}}\n',
    `{"result":{"a":1}}\n{"result":{"b":2}}\n{"error":${STATUS}}\n`,
  ],
  [JSON_ARRAY, '[]', '[{"a":1},{"b":2}]', null],
  [
    SSE,
    '',
    'data: {"a":1}\n\ndata: {"b":2}\n\n',
    `data: {"a":1}\n\ndata: {"b":2}\n\nevent: error\ndata: ${STATUS}\n\n`,
  ],
]

describe.each(ROWS.map((row) => [row[0].name, row] as const))('%s', (_name, [format, none, two, failed]) => {
  test('T1 a stream without messages', () => {
    expect(bodyOf(format, [])).toBe(none)
  })

  test('T1 messages', () => {
    expect(bodyOf(format, ['{"a":1}', '{"b":2}'])).toBe(two)
  })

  test('T1 a message that is not copied', () => {
    const long = `"${'x'.repeat(5_000)}"`
    expect(bodyOf(format, [long, '{}'])).toBe(two.replace('{"a":1}', long).replace('{"b":2}', '{}'))
  })

  test('T2 an error after messages is never a clean end', () => {
    const { answer, exchange } = answerOf()
    format.begin(answer)
    for (const json of ['{"a":1}', '{"b":2}']) format.write(answer, format.frame(json, messageOf(1)))
    format.end(answer, { error: STATUS, trailers: null })
    expect(exchange.isEnded).toBe(failed !== null)
    expect(exchange.resetCode).toBe(failed === null ? 2 : undefined)
    if (failed !== null) expect(exchange.body.toString()).toBe(failed)
  })

  test('trailers follow the body', () => {
    const { answer, exchange } = answerOf()
    format.begin(answer)
    format.write(answer, format.frame('{"a":1}', messageOf(1)))
    format.end(answer, { error: null, trailers: ResponseBlock.once(0, [{ name: 'x-sum', value: '1' }]) })
    expect(exchange.body.toString()).toBe(bodyOf(format, ['{"a":1}']))
    expect(exchange.trailers.get('x-sum')).toBe('1')
  })

  test('T3 the response is neither stored nor buffered, unless the service says otherwise', () => {
    const { answer, exchange } = answerOf()
    format.begin(answer)
    expect([...exchange.headers]).toEqual([
      ['cache-control', 'no-store'],
      ['x-accel-buffering', 'no'],
    ])
    const cached = answerOf([{ name: 'cache-control', value: 'max-age=5' }])
    format.begin(cached.answer)
    expect(cached.exchange.headers.get('cache-control')).toBe('max-age=5')
  })
})

test('T1 an error before the first message is in the envelope too', () => {
  expect(ENVELOPE.wholeError(STATUS)).toBe(`{"error":${STATUS}}\n`)
  for (const format of [NDJSON, JSON_ARRAY, SSE]) expect(format.wholeError(STATUS)).toBe(STATUS)
})

test('T3 events have ids, and a time to wait before the client connects again', () => {
  expect(bodyOf(SSE_WITH_IDS, ['{"a":1}', '{}'])).toBe('retry: 250\n\nid: 1\ndata: {"a":1}\n\nid: 2\ndata: {}\n\n')
})

test.each(['{\n  "a": 1\n}', '{\r\n  "a": 1\r\n}', '{\r  "a": 1\r}'])('T3 each line of %j is data', (json) => {
  const lines = bodyOf(SSE, [json]).split('\n')
  expect(lines).toEqual(['data: {', 'data:   "a": 1', 'data: }', '', ''])
})

function bodyOf(format: StreamFormat, messages: readonly string[]): string {
  const { answer, exchange } = answerOf()
  format.begin(answer)
  messages.forEach((json, index) => {
    format.write(answer, format.frame(json, messageOf(index + 1)))
  })
  format.end(answer, { error: null, trailers: null })
  expect(exchange.isEnded).toBe(true)
  return exchange.body.toString()
}

function messageOf(sequence: number): GetStreamResponse {
  return create(GetStreamResponseSchema, { sequence: BigInt(sequence) })
}

function answerOf(fields: ResponseBlock['fields'] = []) {
  const exchange = new MemoryExchange({ path: '/v1/topics/a' })
  const answer: Pick<Answer, 'exchange' | 'successHead'> = {
    exchange,
    successHead: () => ResponseBlock.once(200, fields),
  }
  return { exchange, answer: answer as Answer }
}
