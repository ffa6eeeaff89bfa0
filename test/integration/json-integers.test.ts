/** 64-bit integers written as JSON numbers keep all digits, wherever JSON is read. */
import { toBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { Code, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { envelope } from '../support/calls.ts'
import { runProgram } from '../support/client-program.ts'
import { CLIENT_WAYS, type ClientWay } from '../support/client-ways.ts'
import { startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchangeHttp2 } from '../support/exchange.ts'
import { type AnyResponse, startHttpServer } from '../support/http-server.ts'
import { NUMBER_FILES, NUMBER_TYPES, NumberService, type Numbers, NumbersSchema } from '../support/number-schema.ts'
import { SeededRandom } from '../support/seeded-random.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const SERVICE = NumberService.typeName

/** The random numbers that a test tries, and how many there are per message. */
const MESSAGES = 10
const NUMBERS_EACH = 50

const TEXT =
  `{"i64":9007199254740993,"u64":18446744073709551615,"list":[-9223372036854775808],"byName":{"a":9007199254740995},
"chosen":9007199254740997,"child":{"sf64":-9007199254740993},"wrapped":9007199254740993,"uwrapped":18446744073709551615,
"any":{"@type":"type.googleapis.com/numbers.v1.Numbers","i64":9007199254740993},"struct":{"a":9007199254740993},"value":1e300,
"extended":{"[numbers.v1.more]":18446744073709551615}}`.replaceAll('\n', '')

/** The same in the canonical JSON, which has strings for 64-bit integers. */
const EXACT = {
  i64: '9007199254740993',
  u64: '18446744073709551615',
  list: ['-9223372036854775808'],
  byName: { a: '9007199254740995' },
  chosen: '9007199254740997',
  child: { sf64: '-9007199254740993' },
  wrapped: '9007199254740993',
  uwrapped: '18446744073709551615',
  any: { '@type': 'type.googleapis.com/numbers.v1.Numbers', i64: '9007199254740993' },
  struct: { a: 9007199254740992 },
  value: 1e300,
  extended: { '[numbers.v1.more]': '18446744073709551615' },
}

/** Random integers of all lengths, and the message that lists them as numbers. */
function randomLists(): { numbers: string[]; text: string }[] {
  const random = new SeededRandom(11)
  const number = () => BigInt.asIntN(64, random.bytes(8).readBigInt64BE() >> BigInt(random.below(64)))
  return Array.from({ length: MESSAGES }, () => {
    const numbers = Array.from({ length: NUMBERS_EACH }, () => String(number()))
    return { numbers, text: `{"list":[${numbers}]}` }
  })
}

describe('a server', () => {
  test.each(Object.entries(REQUESTS()))('reads them exactly: %s', async (_, requestOf) => {
    const { origin, received } = await startNumbers()
    await exchangeHttp2(origin, requestOf(TEXT))
    expect(received.map(plain)).toEqual([EXACT])
    for (const { text } of randomLists()) await exchangeHttp2(origin, requestOf(text))
    expect(received.slice(1).map((message) => plain(message))).toEqual(
      randomLists().map(({ numbers }) => ({ list: numbers })),
    )
  })

  test.each(Object.entries(REQUESTS()))(
    'rejects a value that is not a 64-bit integer, and names the field: %s',
    async (_, requestOf) => {
      const { origin, received } = await startNumbers()
      for (const literal of ['9223372036854775808', '9007199254740992.5', '1e400']) {
        const answer = await exchangeHttp2(origin, requestOf(`{"child":{"i64":${literal}}}`))
        const said = JSON.stringify([answer.headers, answer.trailers]) + answer.body.toString('latin1')
        expect(said).toMatch(/"grpc-status":"3"|grpc-status: 3|invalid_argument/)
        expect(decodeURIComponent(said)).toContain('field numbers.v1.Numbers.i64')
      }
      expect(received).toEqual([])
    },
  )
})

describe.each(CLIENT_WAYS)('a client by $protocol over HTTP/$httpVersion', (way) => {
  test.each(['echo', 'repeat'] as const)('reads them exactly: %s', async (method) => {
    const lists = randomLists()
    const texts = [TEXT, ...lists.map(({ text }) => text)]
    const call = await startCaller(way, texts)
    expect(await call(method)).toEqual(EXACT)
    for (const { numbers } of lists) expect(await call(method)).toEqual({ list: numbers })
  })

  test('names the field of a response that is not a 64-bit integer', async () => {
    const call = await startCaller(way, ['{"u64":18446744073709551616}'])
    await expect(call('echo')).rejects.toMatchObject({
      code: Code.Internal,
      rawMessage: expect.stringContaining('field numbers.v1.Numbers.u64'),
    })
  })
})

describe('the program', () => {
  test('sends the numbers of -d exactly, and prints them exactly', async () => {
    const { origin, received } = await startNumbers()
    const files = await temporaryFile('numbers.binpb', toBinary(FileDescriptorSetSchema, NUMBER_FILES))
    const call = (method: string, data: string) =>
      runProgram(['call', origin, `${SERVICE}/${method}`, '--descriptors', files, '-d', data])
    const end = await call('Echo', TEXT)
    expect(end).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(end.stdout)).toEqual(EXACT)
    const lists = randomLists()
    const all = await call('EchoAll', lists.map(({ text }) => text).join('\n'))
    const expected = lists.map(({ numbers }) => ({ list: numbers }))
    expect(
      all.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(expected)
    expect(received.slice(1).map(plain)).toEqual(expected)
  })

  test('names the field of -d that is not a 64-bit integer, and sends nothing', async () => {
    const { origin, received } = await startNumbers()
    const files = await temporaryFile('numbers.binpb', toBinary(FileDescriptorSetSchema, NUMBER_FILES))
    const end = await runProgram([
      ...['call', origin, `${SERVICE}/Echo`, '--descriptors', files],
      ...['-d', `{"list":[${'9'.repeat(1_000)}]}`],
    ])
    expect(end.code).not.toBe(0)
    expect(end.stderr).toMatch(/field numbers\.v1\.Numbers\.list/)
    expect(end.stderr.length).toBeLessThan(1_000)
    expect(received).toEqual([])
  })
})

/** A request for each way by which JSON reaches a server. */
function REQUESTS(): Record<string, (text: string) => ExchangeInit> {
  const post = (type: string, method: string, body: Uint8Array | string): ExchangeInit => ({
    path: `/${SERVICE}/${method}`,
    headers: { 'content-type': type, te: 'trailers' },
    body,
  })
  const framed = (type: string, method: string) => (text: string) => post(type, method, envelope(Buffer.from(text)))
  return {
    'Connect unary': (text) => post('application/json', 'Echo', text),
    'Connect GET': (text) => ({
      path: `/${SERVICE}/Echo?connect=v1&encoding=json&message=${encodeURIComponent(text)}`,
      method: 'GET',
    }),
    'Connect stream': framed('application/connect+json', 'EchoAll'),
    gRPC: framed('application/grpc+json', 'Echo'),
    'gRPC stream': framed('application/grpc+json', 'EchoAll'),
    'gRPC-Web': framed('application/grpc-web+json', 'Repeat'),
  }
}

/** The canonical JSON of a message. */
function plain(message: Numbers): unknown {
  return toJson(NumbersSchema, message, { registry: NUMBER_TYPES })
}

async function startNumbers(): Promise<{ origin: string; received: Numbers[] }> {
  const received: Numbers[] = []
  const note = (message: Numbers): Numbers => {
    received.push(message)
    return message
  }
  const { origin } = await startRoutes({
    lane: 'native',
    routes: (router) =>
      router.service(NumberService, {
        echo: note,
        async *repeat(message) {
          yield note(message)
        },
        async *echoAll(messages) {
          for await (const message of messages) yield note(message)
        },
      }),
  })
  return { origin, received }
}

/** A client of a server that responds with these texts in turn. */
async function startCaller({ protocol, httpVersion }: ClientWay, texts: readonly string[]) {
  const answer = { grpc: answerGrpc, 'grpc-web': answerGrpcWeb, connect: answerConnect }[protocol]
  const { origin } = await startHttpServer({
    httpVersion,
    answer: ({ headers }, response, count) => {
      answer(response, Buffer.from(texts[count] ?? '{}'), String(headers['content-type']))
      return true
    },
  })
  const transport = createTransport({
    baseUrl: origin,
    protocol,
    httpVersion,
    useBinaryFormat: false,
    registry: NUMBER_TYPES,
  })
  onTestFinished(() => transport.close())
  const client = createClient(NumberService, transport)
  return async (method: 'echo' | 'repeat'): Promise<unknown> => {
    if (method === 'echo') return plain(await client.echo({}))
    const messages: unknown[] = []
    for await (const message of client.repeat({})) messages.push(plain(message))
    return messages[0]
  }
}

function answerConnect(response: AnyResponse, text: Buffer, type: string): void {
  const isUnary = type === 'application/json'
  response.setHeader('content-type', type)
  response.end(isUnary ? text : Buffer.concat([envelope(text), envelope(Buffer.from('{}'), 2)]))
}

function answerGrpcWeb(response: AnyResponse, text: Buffer, type: string): void {
  response.setHeader('content-type', type)
  response.end(Buffer.concat([envelope(text), envelope(Buffer.from('grpc-status: 0\r\n'), 128)]))
}

function answerGrpc(response: AnyResponse, text: Buffer, type: string): void {
  response.setHeader('content-type', type)
  response.addTrailers({ 'grpc-status': '0' })
  response.end(envelope(text))
}
