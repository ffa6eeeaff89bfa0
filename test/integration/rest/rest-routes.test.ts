/** Which binding answers a request: HTTP methods, custom kinds, overrides, paths of methods, and what is refused (threats). */
import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import type { RestOptions } from '../../../server/rpc/protocols/rest/rest-options.ts'
import { type Exchanged, type ExchangeInit, exchanges } from '../../support/exchange.ts'
import { startLibrary } from '../../support/library.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const FORM_TYPE = { 'content-type': 'application/x-www-form-urlencoded' }

/** Content types of other protocols, and those that a page of another origin can send without a preflight. */
const FOREIGN_TYPES = [
  'application/grpc',
  'application/grpc+json',
  'application/grpc-web+proto',
  'application/grpc-web-text',
  'application/connect+json',
  'application/proto',
  'text/plain',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/graphql',
  'application/json-patch+json',
  'application/jsonx',
  'application/json, text/plain',
  'application/json;charset=latin1',
  'application/json; version=2',
  'json',
  '*/*',
]

function get(path: string, headers: Record<string, string> = {}): ExchangeInit {
  return { method: 'GET', path, headers }
}

function codeIn({ status, body }: Exchanged): [number, unknown] {
  return [status, JSON.parse(body.toString()).code]
}

/** The methods of the library that have a rule from outside. */
function rule(method: string, binding: object): RestOptions {
  return { rules: [{ selector: `library.v1.LibraryService.${method}`, ...binding }] }
}

describe.each(exchanges)('over %s', (_version, exchange) => {
  const shelfOf = async (rest: RestOptions, init: ExchangeInit) => {
    const answer = await exchange((await startLibrary({ rest })).origin, init)
    return [answer.status, JSON.parse(answer.body.toString()).name]
  }

  test('M10 a path without this HTTP method is 405 with Allow', async () => {
    const app = await startLibrary()
    for (const [path, allow] of [
      ['/v1/shelves/1', 'DELETE, GET'],
      ['/v1/shelves/1/books/2', 'DELETE, GET, PATCH, PUT'],
      ['/v1/books:search', 'GET'],
      ['/v1/raw', 'POST'],
    ] as const) {
      const answer = await exchange(app.origin, { method: 'OPTIONS', path })
      expect([path, answer.status, answer.headers.allow]).toEqual([path, 405, allow])
      expect(JSON.parse(answer.body.toString())).toEqual({ code: Code.Unimplemented, message: expect.any(String) })
    }
  })

  test('M10 a path without a route is 404, in the form of REST below the literal beginning of a route', async () => {
    const app = await startLibrary()
    expect(codeIn(await exchange(app.origin, get('/v1/shelves/1/2/3')))).toEqual([404, Code.NotFound])
    expect((await exchange(app.origin, get('/elsewhere'))).status).toBe(404)
  })

  test('M11 a custom kind is an HTTP method of its own', async () => {
    const app = await startLibrary({ implementation: { searchBooks: ({ query }) => ({ nextPageToken: query }) } })
    const init = { method: 'SEARCH', path: '/v1/books', headers: JSON_TYPE, body: '{"query":"a"}' }
    expect(JSON.parse((await exchange(app.origin, init)).body.toString())).toEqual({ nextPageToken: 'a' })
  })

  test('M11 the kind * is every other HTTP method', async () => {
    const rest: RestOptions = {
      rules: [
        { selector: 'library.v1.LibraryService.GetShelf', custom: { kind: '*', path: '/any/{name}' } },
        { selector: 'library.v1.LibraryService.DeleteShelf', delete: '/any/{name}' },
      ],
    }
    const app = await startLibrary({ rest })
    for (const method of ['GET', 'PUT', 'OPTIONS', 'SEARCH', 'POST']) {
      const answer = await exchange(app.origin, { method, path: '/any/a' })
      expect([method, answer.status, JSON.parse(answer.body.toString()).name]).toEqual([method, 200, 'a'])
    }
    expect((await exchange(app.origin, { method: 'DELETE', path: '/any/a' })).body.toString()).toBe('{}')
    const head = await exchange(app.origin, { method: 'HEAD', path: '/any/a' })
    expect([head.status, head.body.byteLength]).toEqual([200, 0])
  })

  test.each(['WatchShelf', 'StreamRaw'])('M11 the kind * is no HEAD for the stream of %s', async (name) => {
    const app = await startLibrary({ rest: rule(name, { custom: { kind: '*', path: '/any/{name}' } }) })
    const { status, headers } = await exchange(app.origin, { method: 'HEAD', path: '/any/a' })
    expect([status, headers.allow?.includes('GET'), headers.allow?.includes('HEAD')]).toEqual([405, true, false])
    expect((await exchange(app.origin, { method: 'QUERY', path: '/any/a' })).status).toBe(200)
  })

  test('M12 OPTIONS belongs to CORS, unless a rule has it', async () => {
    const cors = { cors: { origins: ['https://a.example'] } }
    const rest = rule('GetShelf', { custom: { kind: 'OPTIONS', path: '/opt/{name}' } })
    const app = await startLibrary({ rest, options: cors })
    const own = await exchange(app.origin, { method: 'OPTIONS', path: '/opt/a' })
    expect([own.status, JSON.parse(own.body.toString()).name]).toEqual([200, 'a'])
    const headers = { origin: 'https://a.example', 'access-control-request-method': 'OPTIONS' }
    expect((await exchange(app.origin, { method: 'OPTIONS', path: '/opt/a', headers })).status).toBe(204)
  })

  test('M13 a form may override its HTTP method, or hold the query of a GET, if the options say so', async () => {
    const rest: RestOptions = { methodOverride: true }
    const app = await startLibrary({
      rest,
      implementation: { listBooks: ({ pageSize, pageToken }) => ({ nextPageToken: `${pageSize} ${pageToken}` }) },
    })
    const form = (path: string, body: string, headers: Record<string, string> = {}) =>
      exchange(app.origin, { path, headers: { ...FORM_TYPE, ...headers }, body })
    const list = await form('/v1/books?page_size=2', 'page_token=a+b', { 'x-http-method-override': 'get' })
    expect([list.status, JSON.parse(list.body.toString()).nextPageToken]).toEqual([200, '2 a b'])
    const shelf = await form('/v1/shelves/1', '')
    expect([shelf.status, JSON.parse(shelf.body.toString()).name]).toEqual([200, 'shelves/1'])
    const removed = await form('/v1/shelves/1', 'force=true', { 'x-http-method-override': 'DELETE' })
    expect([removed.status, removed.body.toString()]).toEqual([200, '{}'])
    expect(codeIn(await form('/v1/shelves/1', 'nothing=1'))).toEqual([400, Code.InvalidArgument])
    expect((await form('/v1/shelves', 'theme=a')).status).toBe(415)
    expect((await form('/v1/shelves/1/books/2', 'x=1', { 'x-http-method-override': 'PATCH' })).status).toBe(405)
    const json = { path: '/v1/shelves/1', headers: { ...JSON_TYPE, 'x-http-method-override': 'DELETE' }, body: '{}' }
    expect((await exchange(app.origin, json)).status).toBe(405)
  })

  test('M13 nothing overrides an HTTP method by default', async () => {
    const app = await startLibrary()
    const headers = { ...FORM_TYPE, 'x-http-method-override': 'DELETE' }
    expect((await exchange(app.origin, { path: '/v1/shelves/1', headers, body: '' })).status).toBe(405)
  })

  test('M14 at the path of the method, a request without the marks of Connect clients is REST', async () => {
    const path = '/library.v1.LibraryService/GetShelf'
    const rest = rule('GetShelf', { post: path, body: '*', additional_bindings: [{ get: path }] })
    const app = await startLibrary({
      rest,
      implementation: {
        getShelf: ({ name }, { protocolName }) => ({ name, theme: protocolName }),
      },
    })
    const themes = []
    const body = '{"name":"a"}'
    const query = '?connect=v1&encoding=json&message=%7B%7D'
    for (const init of [
      { path, headers: JSON_TYPE, body },
      { path, headers: { ...JSON_TYPE, 'connect-protocol-version': '1' }, body },
      get(`${path}?name=a`),
      get(path + query),
    ]) {
      const { status, body } = await exchange(app.origin, init)
      themes.push([status, JSON.parse(body.toString()).theme])
    }
    expect(themes).toEqual([
      [200, 'rest'],
      [200, 'connect'],
      [200, 'rest'],
      [200, 'connect'],
    ])
  })

  test('G10 methods without a rule are answered at their path, if the options say so', async () => {
    const ping = { path: '/library.v1.LibraryService/Ping', headers: JSON_TYPE, body: '{"text":"a"}' }
    const implementation = {
      ping: ({ text }: { text: string }, { protocolName }: { protocolName: string }) => ({ text: text + protocolName }),
    }
    const texts = []
    for (const unboundMethods of [true, false]) {
      const app = await startLibrary({ rest: { unboundMethods }, implementation })
      texts.push(JSON.parse((await exchange(app.origin, ping)).body.toString()).text)
    }
    expect(texts).toEqual(['arest', 'aconnect'])
  })

  test('rules from outside replace the annotation', async () => {
    const rest = rule('GetShelf', { get: '/v2/{name=shelves/*}' })
    expect(await shelfOf(rest, get('/v2/shelves/1'))).toEqual([200, 'shelves/1'])
    const answer = await exchange((await startLibrary({ rest })).origin, get('/v1/shelves/1'))
    expect([answer.status, answer.headers.allow]).toEqual([405, 'DELETE'])
  })

  test('M4 a trailing slash is another path, or the same if the options say so', async () => {
    const app = await startLibrary()
    expect((await exchange(app.origin, get('/v1/shelves/1/'))).status).toBe(404)
    const rest: RestOptions = { path: { trailingSlash: 'ignore' } }
    expect(await shelfOf(rest, get('/v1/shelves/1/'))).toEqual([200, 'shelves/1'])
    expect(await shelfOf(rest, get('/v1/shelves/1'))).toEqual([200, 'shelves/1'])
  })

  describe('threats', () => {
    test.each([
      ['21 a parameter cannot replace a variable of the path', get('/v1/shelves/me?name=shelves/victim'), 'shelves/me'],
      [
        '21 a body cannot replace a variable of the path',
        { path: '/v1/shelves/me:merge', headers: JSON_TYPE, body: '{"name":"shelves/victim"}' },
        'shelves/me',
      ],
      [
        '21 a body cannot replace a nested variable of the path',
        {
          method: 'PUT',
          path: '/v1/shelves/1/books/me',
          headers: JSON_TYPE,
          body: '{"name":"shelves/1/books/victim"}',
        },
        'shelves/1/books/me',
      ],
    ])('%s', async (_what, init, name) => {
      const app = await startLibrary({ implementation: { updateBook: ({ book }) => ({ name: book?.name ?? '' }) } })
      const answer = await exchange(app.origin, init)
      expect([answer.status, JSON.parse(answer.body.toString()).name]).toEqual([200, name])
    })

    const start = async () => {
      const calls: string[] = []
      const createShelf = ({ shelf }: { shelf?: { theme: string } | undefined }) => {
        calls.push(shelf?.theme ?? '')
        return {}
      }
      return { calls, app: await startLibrary({ implementation: { createShelf } }) }
    }

    test('22 and 23 a body of another type reaches no handler', async () => {
      const { app, calls } = await start()
      for (const type of FOREIGN_TYPES) {
        const init = { path: '/v1/shelves', headers: { 'content-type': type }, body: '{"theme":"a"}' }
        expect([type, (await exchange(app.origin, init)).status]).toEqual([type, 415])
      }
      expect(calls).toEqual([])
    })

    test('22 a body of JSON is read, whatever the case of its type', async () => {
      const { app, calls } = await start()
      const types = [
        'application/json',
        'Application/JSON',
        'application/json; charset=utf-8',
        'application/json ;charset=UTF-8',
      ]
      for (const type of types) {
        const init = { path: '/v1/shelves', headers: { 'content-type': type }, body: '{"theme":"a"}' }
        expect([type, (await exchange(app.origin, init)).status]).toEqual([type, 200])
      }
      expect(calls).toHaveLength(types.length)
    })

    test('23 a body without a content type reaches no handler, however it is framed', async () => {
      const { app, calls } = await start()
      for (const headers of [{ 'content-length': '2' }, {}] as Record<string, string>[]) {
        expect((await exchange(app.origin, { path: '/v1/shelves', headers, body: '{}' })).status).toBe(415)
      }
      expect(calls).toEqual([])
      expect((await exchange(app.origin, { path: '/v1/shelves' })).status).toBe(200)
    })

    test('24 GET reaches no method that is bound to another HTTP method', async () => {
      const app = await startLibrary()
      const answer = await exchange(app.origin, get('/v1/raw'))
      expect([answer.status, answer.headers.allow]).toEqual([405, 'POST'])
      const safe = await exchange(app.origin, get('/v1/shelves/1'))
      expect([safe.status, safe.headers['cache-control']]).toEqual([200, 'no-store'])
    })
  })
})

test('M9 equal routes are a fault at start-up that names both methods', async () => {
  const rest = rule('GetShelf', { delete: '/v1/{name=shelves/*}' })
  await expect(startLibrary({ rest })).rejects.toThrow(/GetShelf.*DeleteShelf|DeleteShelf.*GetShelf/)
})

test('a field that does not exist is a fault at start-up', async () => {
  await expect(startLibrary({ rest: rule('GetShelf', { get: '/v2/{nothing}' }) })).rejects.toThrow(/GetShelf.*nothing/)
})
