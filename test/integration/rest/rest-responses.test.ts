/** The responses of REST: JSON options, response bodies, google.api.HttpBody, headers, trailers and the forms of errors. */
import { create, toBinary } from '@bufbuild/protobuf'
import { DurationSchema } from '@bufbuild/protobuf/wkt'
import { Code, ConnectError } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js'
import type { RestOptions } from '../../../server/rpc/protocols/rest/rest-options.ts'
import { BookSchema, Genre } from '../../gen/library/v1/library_pb.js'
import { type Exchanged, type ExchangeInit, exchangeHttp1, exchangeHttp2, exchanges } from '../../support/exchange.ts'
import { startLibrary } from '../../support/library.ts'

const BOOK = '/v1/shelves/1/books/2'

function get(path: string, headers: Record<string, string> = {}): ExchangeInit {
  return { method: 'GET', path, headers }
}

async function jsonFor(rest: RestOptions, init: ExchangeInit): Promise<unknown> {
  const app = await startLibrary({
    rest,
    implementation: {
      getBook: ({ name }) => ({ name, genre: Genre.HISTORY, authors: [{ givenName: 'Jane' }], copiesSold: 1n }),
    },
  })
  return JSON.parse((await exchangeHttp1(app.origin, init)).body.toString())
}

describe('R1 the JSON of a response', () => {
  test('leaves out what has its default value', async () => {
    expect(await jsonFor({}, get(BOOK))).toEqual({
      name: 'shelves/1/books/2',
      genre: 'GENRE_HISTORY',
      authors: [{ givenName: 'Jane' }],
      copiesSold: '1',
    })
  })

  test('has numbers for enums and the names of the .proto file, as the options say', async () => {
    const jsonOptions = { enumAsInteger: true, useProtoFieldName: true }
    expect(await jsonFor({ jsonOptions }, get(BOOK))).toEqual({
      name: 'shelves/1/books/2',
      genre: 2,
      authors: [{ given_name: 'Jane' }],
      copies_sold: '1',
    })
  })

  test('has default values with alwaysEmitImplicit', async () => {
    const json = await jsonFor({ jsonOptions: { alwaysEmitImplicit: true } }, get(BOOK))
    expect(json).toMatchObject({ title: '', pages: 0, tags: [], labels: {}, cover: '' })
    expect(json).not.toHaveProperty('published')
    expect(json).not.toHaveProperty('summary')
  })

  test('has null for unset messages with emitUnpopulated, at every depth', async () => {
    const json = await jsonFor({ preset: 'grpcGateway' }, get(BOOK))
    expect(json).toMatchObject({
      title: '',
      published: null,
      subtitle: null,
      metadata: null,
      edition: null,
      authors: [{ givenName: 'Jane', familyName: '', mentor: null }],
    })
    for (const absent of ['summary', 'isbn', 'catalogueNumber']) expect(json).not.toHaveProperty(absent)
  })

  test('is indented as the options say, but not in streams', async () => {
    const app = await startLibrary({ rest: { jsonOptions: { indent: 2 } } })
    const { body } = await exchangeHttp1(app.origin, get('/v1/shelves/1/titles'))
    expect(body.toString()).toBe('[\n  "Emma",\n  "Persuasion"\n]')
    const lines = await exchangeHttp1(app.origin, get('/v1/shelves/1:watch?count=1'))
    expect(lines.body.toString()).toBe('{"sequence":"1","removed":"book 1"}\n')
  })
})

describe.each(exchanges)('over %s', (_version, exchange) => {
  test.each([
    ['a string', get(`${BOOK}/summary`), 'Short'],
    ['a list', get('/v1/shelves/1/titles'), ['Emma', 'Persuasion']],
    [
      'a map',
      {
        method: 'PUT',
        path: '/v1/books/1/labels',
        headers: { 'content-type': 'application/json' },
        body: '{"a":"b","__proto__":"c"}',
      },
      JSON.parse('{"a":"b","__proto__":"c"}'),
    ],
  ])('R2 one field is the response body: %s', async (_kind, init, json) => {
    const app = await startLibrary()
    const { status, body } = await exchange(app.origin, init)
    expect([status, JSON.parse(body.toString())]).toEqual([200, json])
  })

  test('R2 a field that is not set has its default value', async () => {
    const app = await startLibrary({ implementation: { getSummary: () => ({}), listTitles: () => ({}) } })
    const bodies = []
    for (const path of [`${BOOK}/summary`, '/v1/shelves/1/titles']) {
      bodies.push((await exchange(app.origin, get(path))).body.toString())
    }
    expect(bodies).toEqual(['""', '[]'])
  })

  test('R4 google.api.HttpBody is sent as it is', async () => {
    const app = await startLibrary()
    const { headers, body } = await exchange(app.origin, get(`${BOOK}:download`, { 'accept-encoding': 'gzip' }))
    expect([headers['content-type'], headers['content-encoding'], body.toString()]).toEqual([
      'text/plain; charset=utf-8',
      undefined,
      'shelves/1/books/2',
    ])
  })

  test('R4 google.api.HttpBody is read as it is, in any type', async () => {
    const app = await startLibrary()
    const octets = Buffer.from([0, 255, 123, 10])
    for (const type of ['image/png', 'text/plain', 'application/json', 'multipart/form-data; boundary=x']) {
      const init = { path: '/v1/raw', headers: { 'content-type': type }, body: octets }
      const { headers, body } = await exchange(app.origin, init)
      expect([headers['content-type'], body]).toEqual([type, octets])
    }
    const init = { path: `${BOOK}:upload`, headers: { 'content-type': 'image/gif' }, body: octets }
    expect(JSON.parse((await exchange(app.origin, init)).body.toString())).toEqual({
      name: 'shelves/1/books/2',
      title: 'image/gif',
      cover: octets.toString('base64'),
    })
  })

  test('R4 a stream of google.api.HttpBody is one body, with the type of the first message', async () => {
    const app = await startLibrary()
    const { headers, body } = await exchange(app.origin, get(`${BOOK}:stream`))
    expect([headers['content-type'], body.toString()]).toEqual(['image/png', 'one,two'])
    await expect(exchange(app.origin, get('/v1/shelves/1/books/broken:stream'))).rejects.toThrow()
  })

  test('R4 a body is a request stream of google.api.HttpBody, whose first message has what the path sets', async () => {
    const app = await startLibrary()
    const octets = Buffer.alloc(200_000, 7)
    for (const body of [octets, undefined]) {
      const init = { path: `${BOOK}:store`, headers: { 'content-type': 'image/gif' }, ...(body && { body }) }
      const answer = await exchange(app.origin, init)
      expect(JSON.parse(answer.body.toString())).toEqual({
        name: 'shelves/1/books/2',
        ...(body && { title: 'image/gif', cover: octets.toString('base64') }),
      })
    }
  })

  test('R4 a content type that would add header lines is a fault of the service', async () => {
    const app = await startLibrary({
      implementation: { downloadBook: () => ({ contentType: 'text/plain\r\nx-evil: 1', data: new Uint8Array(1) }) },
    })
    const { status, headers } = await exchange(app.origin, get(`${BOOK}:download`))
    expect([status, headers['x-evil']]).toEqual([500, undefined])
  })

  test('R5 headers of the service are sent, and trailers to clients that want some', async () => {
    const app = await startLibrary({
      implementation: {
        getShelf(_request, context) {
          context.responseHeader.set('x-header', 'a')
          context.responseTrailer.set('x-trailer', 'b')
          return {}
        },
        async *watchShelf(_request, context) {
          yield {}
          context.responseTrailer.set('x-trailer', 'b')
        },
      },
    })
    for (const path of ['/v1/shelves/1', '/v1/shelves/1:watch']) {
      const plain = await exchange(app.origin, get(path))
      expect(plain.trailers).not.toHaveProperty('x-trailer')
      expect(plain.headers).not.toHaveProperty('x-trailer')
      const wanted = await exchange(app.origin, get(path, { te: 'trailers' }))
      expect(wanted.trailers).toMatchObject({ 'x-trailer': 'b' })
    }
    expect((await exchange(app.origin, get('/v1/shelves/1'))).headers['x-header']).toBe('a')
  })

  test('R5 the options map the names of headers and trailers, in both directions', async () => {
    const app = await startLibrary({
      rest: {
        requestHeader: (name) => (name.startsWith('x-in-') ? [name.slice('x-in-'.length), name] : null),
        responseHeader: (name) => (name === 'hidden' ? null : `x-out-${name}`),
        responseTrailer: (name) => `x-end-${name}`,
      },
      implementation: {
        getShelf(_request, { requestHeader, responseHeader, responseTrailer }) {
          responseHeader.set(
            'got',
            `${requestHeader.get('a')} ${requestHeader.get('x-in-a')} ${requestHeader.get('b')}`,
          )
          responseHeader.set('hidden', '1')
          responseTrailer.set('t', '2')
          return {}
        },
        async *watchShelf(_request, { responseHeader }) {
          responseHeader.set('got', 'stream')
          yield {}
        },
      },
    })
    const { headers, trailers } = await exchange(
      app.origin,
      get('/v1/shelves/1', { 'x-in-a': '1', b: '2', te: 'trailers' }),
    )
    expect([headers['x-out-got'], headers.hidden, headers['x-out-hidden']]).toEqual(['1 1 null', undefined, undefined])
    expect(trailers).toMatchObject({ 'x-end-t': '2' })
    const stream = await exchange(app.origin, get('/v1/shelves/1:watch'))
    expect([stream.headers['x-out-got'], stream.headers.got]).toEqual(['stream', undefined])
  })

  describe('errors', () => {
    const details = [
      { desc: BadRequestSchema, value: { fieldViolations: [{ field: 'name', description: 'is empty' }] } },
      { type: 'google.protobuf.Duration', value: toBinary(DurationSchema, create(DurationSchema, { seconds: 3n })) },
      { type: 'some.Unknown', value: new Uint8Array([1, 2]) },
      { desc: BookSchema, value: { title: 'Emma' } },
    ]
    const asJson = [
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'name', description: 'is empty' }],
      },
      { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '3s' },
      { '@type': 'type.googleapis.com/some.Unknown', value: 'AQI=' },
      { '@type': 'type.googleapis.com/library.v1.Book', title: 'Emma' },
    ]
    const failing = (rest: RestOptions = {}) =>
      startLibrary({
        rest,
        implementation: {
          getShelf() {
            const error = new ConnectError('no', Code.FailedPrecondition, { 'x-why': 'because' })
            error.details.push(...details)
            throw error
          },
        },
      })
    const shown = ({ status, headers, body }: Exchanged) => [
      status,
      headers['content-type'],
      JSON.parse(body.toString()),
    ]

    test('E2 are google.rpc.Status with typed details and metadata as headers', async () => {
      const answer = await exchange((await failing()).origin, get('/v1/shelves/1'))
      expect(shown(answer)).toEqual([400, 'application/json', { code: 9, message: 'no', details: asJson }])
      expect(answer.headers['x-why']).toBe('because')
    })

    test('are problem details by option or by Accept', async () => {
      const problem = {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'no',
        code: 'FAILED_PRECONDITION',
        details: asJson,
      }
      const expected = [400, 'application/problem+json', problem]
      const byOption = await failing({ errors: 'problem' })
      expect(shown(await exchange(byOption.origin, get('/v1/shelves/1')))).toEqual(expected)
      const app = await failing()
      const accept = 'application/json, application/problem+json;q=0.5'
      expect(shown(await exchange(app.origin, get('/v1/shelves/1', { accept })))).toEqual(expected)
      const refused = await exchange(app.origin, { method: 'PUT', path: '/v1/shelves/1', headers: { accept } })
      expect(shown(refused)).toMatchObject([405, 'application/problem+json', { title: 'Method Not Allowed' }])
      const unwanted = await exchange(app.origin, get('/v1/shelves/1', { accept: 'application/problem+json;q=0' }))
      expect(unwanted.headers['content-type']).toBe('application/json')
    })

    test('have the form of Google APIs by option', async () => {
      const app = await failing({ errors: 'aip193' })
      const error = { code: 400, message: 'no', status: 'FAILED_PRECONDITION', details: asJson }
      expect(shown(await exchange(app.origin, get('/v1/shelves/1')))).toEqual([400, 'application/json', { error }])
      const missing = await exchange(app.origin, get('/v1/shelves/1/nothing/2'))
      expect(shown(missing)).toMatchObject([404, 'application/json', { error: { code: 404, status: 'NOT_FOUND' } }])
    })

    test('E2 have an empty list of details where defaults are written', async () => {
      const app = await startLibrary({ rest: { preset: 'grpcGateway' } })
      const answer = await exchange(app.origin, get('/v1/shelves/1/books/missing'))
      expect(JSON.parse(answer.body.toString())).toMatchObject({ code: 5, details: [] })
    })

    test('a detail that cannot be encoded is left out', async () => {
      const app = await startLibrary({
        implementation: {
          getShelf() {
            const error = new ConnectError('no', Code.Aborted)
            error.details.push({ desc: BookSchema, value: { pages: 'many' as unknown as number } })
            throw error
          },
        },
      })
      const answer = await exchange(app.origin, get('/v1/shelves/1'))
      expect(shown(answer)).toEqual([409, 'application/json', { code: 10, message: 'no' }])
    })

    test.each([
      ['ndjson', '{"sequence":"1","removed":"book 1"}\n{"error":{"code":10,"message":"watch failed"}}\n'],
      ['sse', expect.stringMatching(/^data: .*\n\nevent: error\ndata: \{"code":10,"message":"watch failed"\}\n\n$/)],
      ['envelope', '{"result":{"sequence":"1","removed":"book 1"}}\n{"error":{"code":10,"message":"watch failed"}}\n'],
    ] as const)('T2 after the first message are the end of the stream: %s', async (defaultFormat, text) => {
      const app = await startLibrary({ rest: { streams: { defaultFormat } } })
      const { status, body } = await exchange(app.origin, get('/v1/shelves/1:watch?count=5&failAfter=2'))
      expect([status, body.toString()]).toEqual([200, text])
    })

    test('T2 after the first message of an array reset the response', async () => {
      const app = await startLibrary({ rest: { streams: { defaultFormat: 'jsonArray' } } })
      await expect(exchange(app.origin, get('/v1/shelves/1:watch?count=5&failAfter=2'))).rejects.toThrow()
    })

    test('T1 before the first message of a stream have their own status', async () => {
      const app = await startLibrary()
      for (const accept of ['application/x-ndjson', 'text/event-stream', 'application/json']) {
        const answer = await exchange(app.origin, get('/v1/shelves/1:watch?count=5&failAfter=1', { accept }))
        expect(shown(answer)).toEqual([409, 'application/json', { code: 10, message: 'watch failed' }])
      }
    })
  })

  test.each(['google', 'grpcGateway', 'envoy'] as const)('E4 no error of %s is without a body', async (preset) => {
    const app = await startLibrary({ rest: { preset } })
    for (const path of ['/v1/shelves/1/books/missing', '/v1/shelves/%zz', '/v1/shelves/1/nothing/2']) {
      const { status, headers, body } = await exchange(app.origin, get(path))
      expect([Math.floor(status / 100), headers['content-type']]).toEqual([4, 'application/json'])
      expect(JSON.parse(body.toString())).toMatchObject({ code: expect.any(Number), message: expect.any(String) })
    }
  })

  test('E1 each code has its HTTP status', async () => {
    const app = await startLibrary({
      implementation: {
        getShelf({ name }) {
          throw new ConnectError('no', Number(name.slice('shelves/'.length)))
        },
      },
    })
    const statuses = []
    for (let code = 1; code <= 16; code++) {
      const { status, body } = await exchange(app.origin, get(`/v1/shelves/${code}`))
      expect(JSON.parse(body.toString())).toEqual({ code, message: 'no' })
      statuses.push(status)
    }
    expect(statuses).toEqual([499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401])
  })
})

test('R5 trailers follow an error, too', async () => {
  const app = await startLibrary({
    implementation: {
      getShelf(_request, { responseTrailer }) {
        responseTrailer.set('x-trailer', 'b')
        throw new ConnectError('no', Code.Aborted)
      },
    },
  })
  const { status, trailers } = await exchangeHttp2(app.origin, get('/v1/shelves/1', { te: 'trailers' }))
  expect([status, trailers['x-trailer']]).toEqual([409, 'b'])
})
