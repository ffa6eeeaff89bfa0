/** REST over real sockets: requests, responses and errors of google.api.http bindings. */
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { type Exchanged, type ExchangeInit, exchanges } from '../../support/exchange.ts'
import { startLibrary } from '../../support/library.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

function get(path: string, headers: Record<string, string> = {}): ExchangeInit {
  return { method: 'GET', path, headers }
}

function post(path: string, body: unknown, headers: Record<string, string> = {}): ExchangeInit {
  return { path, headers: { ...JSON_TYPE, ...headers }, body: JSON.stringify(body) }
}

function shownOf({ status, headers, body }: Exchanged): object {
  return { status, type: headers['content-type'], json: JSON.parse(body.toString()) }
}

describe.each(exchanges)('REST over %s', (_version, exchange) => {
  test('a GET binds the path and the query', async () => {
    const app = await startLibrary()
    const { status, headers, body } = await exchange(app.origin, get('/v1/shelves/7'))
    expect([status, headers['content-type'], body.toString()]).toEqual([
      200,
      'application/json',
      '{"name":"shelves/7","theme":"history","bookCount":"9007199254740993"}',
    ])
    const list = await exchange(app.origin, get('/v1/shelves?pageSize=3&filter=a%20b'))
    expect(shownOf(list)).toMatchObject({ json: { shelves: [{ theme: 'a b' }], nextPageToken: '3' } })
  })

  test('a POST binds the body, the path and the query', async () => {
    const app = await startLibrary()
    const init = post('/v1/shelves/1/books?bookId=9', { title: 'Emma', copiesSold: '9007199254740993' })
    expect(shownOf(await exchange(app.origin, init))).toEqual({
      status: 200,
      type: 'application/json',
      json: { name: 'shelves/1/books/9', title: 'Emma', copiesSold: '9007199254740993' },
    })
    const merge = await exchange(app.origin, post('/v1/shelves/1:merge', { otherShelf: 'shelves/2', name: 'ignored' }))
    expect(shownOf(merge)).toMatchObject({ json: { name: 'shelves/1', theme: 'shelves/2' } })
  })

  test('R3 an empty message is {} with 200', async () => {
    const app = await startLibrary()
    expect(shownOf(await exchange(app.origin, { method: 'DELETE', path: '/v1/shelves/1' }))).toEqual({
      status: 200,
      type: 'application/json',
      json: {},
    })
  })

  test('E2 an error is a google.rpc.Status', async () => {
    const app = await startLibrary()
    expect(shownOf(await exchange(app.origin, get('/v1/shelves/1/books/missing')))).toEqual({
      status: 404,
      type: 'application/json',
      json: { code: Code.NotFound, message: 'shelves/1/books/missing is missing' },
    })
  })

  test.each([
    ['E3 a body that is not JSON', { ...post('/v1/shelves', {}), body: '{"theme":' }, 400, Code.InvalidArgument],
    ['E3 a body of another shape', post('/v1/shelves', { theme: [] }), 400, Code.InvalidArgument],
    ['an unknown parameter', get('/v1/shelves?nothing=1'), 400, Code.InvalidArgument],
    ['D5 a malformed escape', get('/v1/shelves/%zz'), 400, Code.InvalidArgument],
    ['D5 invalid UTF-8', get('/v1/shelves/%ff'), 400, Code.InvalidArgument],
    ['M10 a path without a route', get('/v1/shelves/1/nothing/2'), 404, Code.NotFound],
    ['M10 another HTTP method', { method: 'PUT', path: '/v1/shelves/1' }, 405, Code.Unimplemented],
    ['M12 HEAD', { method: 'HEAD', path: '/v1/shelves/1' }, 405, Code.Unimplemented],
    [
      'B3 a body where none is mapped',
      { ...get('/v1/shelves/1', { ...JSON_TYPE, 'content-length': '2' }), body: '{}' },
      400,
      Code.InvalidArgument,
    ],
    [
      'B6 plain text',
      { ...post('/v1/shelves', {}), headers: { 'content-type': 'text/plain' } },
      415,
      Code.InvalidArgument,
    ],
    ['B6 no content type', { ...post('/v1/shelves', {}), headers: {} }, 415, Code.InvalidArgument],
    ['R7 binary metadata', get('/v1/shelves/1', { 'x-a-bin': '?' }), 400, Code.InvalidArgument],
    ['R6 a timeout', get('/v1/shelves/1', { 'x-server-timeout': 'soon' }), 400, Code.InvalidArgument],
  ] as const)('%s is refused in the form of REST', async (_what, init, status, code) => {
    const app = await startLibrary()
    const answer = await exchange(app.origin, init as ExchangeInit)
    expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/json'])
    if (answer.status === 405) expect(answer.headers.allow).toBe('DELETE, GET')
    if (init.method !== 'HEAD')
      expect(JSON.parse(answer.body.toString())).toEqual({ code, message: expect.any(String) })
  })

  test('only a ConnectError of a handler reaches the client', async () => {
    const app = await startLibrary({
      implementation: {
        getShelf() {
          throw new Error('secret')
        },
      },
    })
    const { status, body } = await exchange(app.origin, get('/v1/shelves/1'))
    expect([status, JSON.parse(body.toString())]).toEqual([
      500,
      { code: Code.Internal, message: expect.stringMatching(/^internal error [0-9a-f-]+$/) },
    ])
  })

  test('a body above the limit is 413', async () => {
    const app = await startLibrary({ options: { readMaxBytes: 50 } })
    const { status, body } = await exchange(app.origin, post('/v1/shelves', { theme: 'x'.repeat(100) }))
    expect([status, JSON.parse(body.toString()).code]).toEqual([413, Code.ResourceExhausted])
  })

  test('a server stream is NDJSON, SSE or an array, by Accept', async () => {
    const app = await startLibrary()
    const path = '/v1/shelves/1:watch?count=2'
    const bodies = []
    for (const accept of ['*/*', 'text/event-stream', 'application/json']) {
      const { headers, body } = await exchange(app.origin, get(path, { accept }))
      bodies.push([headers['content-type'], body.toString()])
    }
    const [one, two] = ['{"sequence":"1","removed":"book 1"}', '{"sequence":"2","removed":"book 2"}']
    expect(bodies).toEqual([
      ['application/x-ndjson', `${one}\n${two}\n`],
      ['text/event-stream', `data: ${one}\n\ndata: ${two}\n\n`],
      ['application/json', `[${one},${two}]`],
    ])
  })

  test('T4 a client stream is NDJSON or an array', async () => {
    const app = await startLibrary()
    const path = '/v1/shelves/1/books:import'
    const lines = { path, headers: { 'content-type': 'application/x-ndjson' }, body: '{"title":"a"}\n{"title":"b"}\n' }
    expect(shownOf(await exchange(app.origin, lines))).toMatchObject({ json: { count: 2, titles: ['a', 'b'] } })
    expect(shownOf(await exchange(app.origin, post(path, [{ title: 'c' }])))).toMatchObject({ json: { count: 1 } })
  })
})
