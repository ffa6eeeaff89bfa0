/** Errors quote only the beginning of what a peer sent, at both ends. */
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createTransport } from '../../client/node/transport.ts'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { callHeaders, endOf, envelope, sayHello, UNARY_PROTOCOLS } from '../support/calls.ts'
import { startRoutes } from '../support/demo-server.ts'
import { type ExchangeInit, exchanges } from '../support/exchange.ts'
import { type AnyResponse, startHttpServer } from '../support/http-server.ts'
import { NumberService } from '../support/number-schema.ts'

const LONG = 'x'.repeat(8_000)
const LONGER = 'x'.repeat(1_000_000)

/** A sentence around a clipped value or two; gRPC itself sends no more than 1,024 octets. */
const MAX_CHARS = 700

describe.each(exchanges)('a server over %s', (_version, exchange) => {
  describe.each(UNARY_PROTOCOLS)('%s', (protocol) => {
    const encoding = protocol.startsWith('grpc') ? 'grpc-encoding' : 'content-encoding'
    const hello = sayHello(protocol)
    const withHeader = (name: string, value: string): ExchangeInit => ({
      ...hello,
      headers: { ...hello.headers, [name]: value },
    })
    test.each([
      ['a path that is not served', { ...hello, path: `/greeter.v1.GreeterService/${LONG}` }],
      ['an encoding', withHeader(encoding, LONG)],
      ['the name of a field', withHeader(`${LONG}-bin`, '%')],
    ])('%s', async (_, init) => {
      const { origin } = await startRoutes({ routes: (router) => router.service(GreeterService, {}) })
      const { code, message } = endOf(protocol, await exchange(origin, init))
      expect(code).not.toBe('ok')
      expect(message).toContain('xxxxxxxxxx')
      expect(message).toContain('... (')
      expect(message.length).toBeLessThan(MAX_CHARS)
    })
  })

  test.each([
    ['a key that stands twice', `{"${LONGER}":1,"${LONGER}":2}`],
    ['a number', `{"i64":${'9'.repeat(1_000_000)}}`],
    ['an integer in a string', `{"i64":"${'9'.repeat(1_000_000)}"}`],
    ['letters for an integer', `{"i64":"${LONGER}"}`],
    ['letters for a small integer', `{"i32":"${LONGER}"}`],
    ['the key of a map', `{"byId":{"${LONGER}":1}}`],
    ['a name that could be an extension', `{"i64":"1.5","[${LONGER}]":1}`],
    ['an unknown type', `{"any":{"@type":"a.b/${LONGER}"}}`],
    ['text where JSON is meant', LONGER],
    ['text behind JSON', `{}${LONGER}`],
    ['a string that is not closed', `{"text":"${LONGER}`],
  ])('JSON with %s', async (_, body) => {
    const { origin } = await startRoutes({ routes: (router) => router.service(NumberService, {}) })
    const path = `/${NumberService.typeName}/Echo`
    const answer = await exchange(origin, { path, headers: callHeaders('connect-json'), body })
    const { code, message } = endOf('connect-json', answer)
    expect(code).toBe('invalid_argument')
    expect(message.length).toBeLessThan(MAX_CHARS)
  })
})

describe('a client', () => {
  const ok = 'application/connect+json'
  const answers: readonly [what: string, protocol: 'connect' | 'grpc-web', answer: (response: AnyResponse) => void][] =
    [
      ['a content type', 'connect', (response) => answer(response, `text/${LONG}`)],
      ['a content type', 'grpc-web', (response) => answer(response, `text/${LONG}`)],
      ['an encoding', 'connect', (response) => answer(response, ok, { 'connect-content-encoding': LONG })],
      [
        'an encoding',
        'grpc-web',
        (response) => answer(response, 'application/grpc-web+json', { 'grpc-encoding': LONG }),
      ],
      ['a status', 'grpc-web', (response) => answer(response, 'application/grpc-web+json', { 'grpc-status': LONG })],
      ['the name of a trailer', 'grpc-web', (response) => answerWebTrailers(response, `é${LONG}: 1`)],
      ['metadata of an end', 'connect', (response) => answerEnd(response, `{"metadata":{"a":["${LONG}\\n${LONG}"]}}`)],
      [
        'the name of metadata of an end',
        'connect',
        (response) => answerEnd(response, `{"metadata":{"é${LONG}":["b"]}}`),
      ],
      ['a key twice in an end', 'connect', (response) => answerEnd(response, `{"${LONG}":1,"${LONG}":2}`)],
      ['an end that is nested without end', 'connect', (response) => answerEnd(response, '['.repeat(8_000))],
      ['an end that is no JSON', 'connect', (response) => answerEnd(response, LONG)],
      ['a key twice in a message', 'connect', (response) => answerMessage(response, `{"${LONG}":1,"${LONG}":2}`)],
      ['a message that is no JSON', 'connect', (response) => answerMessage(response, LONG)],
    ]

  test.each(answers)('%s by %s', async (_, protocol, answerBy) => {
    const { origin } = await startHttpServer({
      httpVersion: '1.1',
      answer: (_request, response) => {
        answerBy(response)
        return true
      },
    })
    const transport = createTransport({ baseUrl: origin, protocol, httpVersion: '1.1', useBinaryFormat: false })
    onTestFinished(() => transport.close())
    const error = await failure(createClient(GreeterService, transport).getStream({ topic: 'a' }))
    expect([Code.Internal, Code.Unknown]).toContain(error.code)
    expect(error.message.length).toBeLessThan(MAX_CHARS)
  })
})

async function failure(messages: AsyncIterable<unknown>): Promise<ConnectError> {
  try {
    for await (const _message of messages);
  } catch (error) {
    if (error instanceof ConnectError) return error
  }
  throw new Error('the call did not fail')
}

function answer(
  response: AnyResponse,
  type: string,
  fields: Readonly<Record<string, string>> = {},
  body: Uint8Array = Buffer.alloc(0),
) {
  response.setHeader('content-type', type)
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value)
  response.end(body)
}

function answerEnd(response: AnyResponse, text: string): void {
  answer(response, 'application/connect+json', {}, envelope(Buffer.from(text), 2))
}

function answerMessage(response: AnyResponse, text: string): void {
  answer(response, 'application/connect+json', {}, envelope(Buffer.from(text)))
}

function answerWebTrailers(response: AnyResponse, text: string): void {
  answer(response, 'application/grpc-web+json', {}, envelope(Buffer.from(text), 128))
}
