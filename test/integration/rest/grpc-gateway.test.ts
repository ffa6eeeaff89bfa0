/** REST with the preset grpcGateway: what clients of grpc-gateway rely on. */
import { describe, expect, test } from 'vitest'
import { type Exchanged, type ExchangeInit, exchanges } from '../../support/exchange.ts'
import { type LibraryInit, startLibrary } from '../../support/library.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const FORM_IN_UTF8 = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }
const GATEWAY = { rest: { preset: 'grpcGateway' } } satisfies LibraryInit

function jsonOf({ body }: Exchanged): unknown {
  return JSON.parse(body.toString())
}

describe.each(exchanges)('the preset grpcGateway over %s', (_version, exchange) => {
  test.each<[string, ExchangeInit]>([
    ['a form', { path: '/v1/books', headers: FORM, body: 'tags=a%20b+c&page_size=3' }],
    ['a form with a charset', { path: '/v1/books', headers: FORM_IN_UTF8, body: 'tags=a+b+c&pageSize=3' }],
    ['a form beside a query', { path: '/v1/books?page_size=3', headers: FORM, body: 'tags=a+b+c' }],
    [
      'a form that states GET',
      { path: '/v1/books', headers: { ...FORM, 'x-http-method-override': 'get' }, body: 'page_size=3&tags=a+b+c' },
    ],
  ])('M13: %s is the query of a GET', async (_what, init) => {
    const app = await startLibrary({
      ...GATEWAY,
      implementation: { listBooks: ({ pageSize, tags }) => ({ nextPageToken: `${pageSize} ${tags}` }) },
    })
    expect(jsonOf(await exchange(app.origin, init))).toMatchObject({ nextPageToken: '3 a b c' })
  })

  test.each<[string, ExchangeInit, number]>([
    ['POST', { path: '/v1/shelves', headers: FORM, body: 'page_size=3' }, 415],
    ['a GET without a form', { path: '/v1/books', headers: { 'x-http-method-override': 'GET' } }, 405],
    ['a GET, if the form is malformed', { path: '/v1/books', headers: FORM, body: 'page_size=%zz' }, 400],
    ['a GET, if a value is of the wrong type', { path: '/v1/books', headers: FORM, body: 'page_size=x' }, 400],
    ['a GET, if it is not encoded', { path: '/v1/books', headers: FORM, body: 'tags=\u00e9' }, 400],
  ])('M13: a form does not stand for %s', async (_what, init, status) => {
    let calls = 0
    const count = () => ({ [`${++calls}`]: calls })
    const app = await startLibrary({ ...GATEWAY, implementation: { createShelf: count, listBooks: count } })
    expect((await exchange(app.origin, init)).status).toBe(status)
    expect(calls).toBe(0)
  })

  test.each<[string, string, unknown]>([
    ['a message', '/v1/shelves/1:watch?count=1', { result: { sequence: '1', removed: 'book 1' } }],
    ['an error of the service', '/v1/shelves/1:watch?count=1&fail_after=1', { error: { code: 10, details: [] } }],
    ['an error of the request', '/v1/shelves/1:watch?count=x', { code: 3, details: [] }],
  ])('T1: the envelope of a stream with %s', async (_what, path, json) => {
    const app = await startLibrary(GATEWAY)
    expect(jsonOf(await exchange(app.origin, { method: 'GET', path }))).toMatchObject(json as object)
  })

  test('T5: bidirectional streams', async () => {
    const app = await startLibrary(GATEWAY)
    const lines = [{ text: 'a' }, { text: 'b' }].map((message) => JSON.stringify(message)).join('\n')
    const { status, body } = await exchange(app.origin, {
      path: '/v1/shelves/1/books/2:discuss',
      headers: { 'content-type': 'application/x-ndjson' },
      body: lines,
    })
    expect([
      status,
      body
        .toString()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ]).toEqual([200, [{ result: { text: 'a', number: 1 } }, { result: { text: 'b', number: 2 } }]])
  })

  test('R2: an unset message as response body has its fields', async () => {
    const rule = { selector: 'library.v1.LibraryService.GetBook', get: '/v1/edition/{name}', responseBody: 'edition' }
    const app = await startLibrary({ rest: { preset: 'grpcGateway', rules: [rule] } })
    const response = await exchange(app.origin, { method: 'GET', path: '/v1/edition/1' })
    expect(jsonOf(response)).toEqual({ number: 0, publisher: '', editor: null })
  })

  test('R5: headers and metadata have their prefixes', async () => {
    const seen: Record<string, string> = {}
    const app = await startLibrary({
      ...GATEWAY,
      implementation: {
        getShelf(_request, { requestHeader, responseHeader, responseTrailer }) {
          Object.assign(seen, Object.fromEntries(requestHeader))
          responseHeader.set('x-id', '7')
          responseTrailer.set('x-sum', '9')
          return {}
        },
      },
    })
    const headers = {
      'grpc-metadata-x-tenant': 'a',
      'accept-language': 'de',
      'x-other': 'b',
      authorization: 'Bearer t',
      te: 'trailers',
    }
    const response = await exchange(app.origin, { method: 'GET', path: '/v1/shelves/1', headers })
    expect(seen).toEqual({
      'x-tenant': 'a',
      'grpcgateway-accept-language': 'de',
      authorization: 'Bearer t',
      'grpcgateway-authorization': 'Bearer t',
    })
    expect(response.headers['grpc-metadata-x-id']).toBe('7')
    expect(response.trailers['grpc-trailer-x-sum']).toBe('9')
  })
})
