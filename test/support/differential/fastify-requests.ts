/** Unusual HTTP/2 requests: Fastify must see the same, whichever server implementation it runs on. */
import type { RawRequest } from '../http2-answer.ts'
import type { RawFields } from '../raw-http2.ts'

/** A request with its name. */
export type DifferentialCase = readonly [name: string, request: RawRequest]

const AUTHORITY = 'localhost:1'

/** Headers with other pseudo-headers, and more fields. */
export function headOf(pseudo: Readonly<Record<string, string>> = {}, more: RawFields = []): RawFields {
  const head = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': AUTHORITY, ...pseudo }
  return [...Object.entries(head), ...more]
}

function get(...more: RawFields): RawRequest {
  return { fields: headOf({}, more) }
}

function post(body: string, ...more: RawFields): RawRequest {
  return { fields: headOf({ ':method': 'POST' }, [['content-type', 'text/x'], ...more]), body }
}

const METHODS = ['delete', 'Get', 'INVENTED', 'PROPFIND', 'QUERY', 'M-SEARCH', 'PRI', 'TRACE', 'OPTIONS', 'HEAD', 'PUT']

const PATHS = [
  ...['/%2F', '/?', '/?a', '/a?b=%zz', '/%', '//x', '/a/../b', '/.', '/#part', '/\u00f6', '/\u00c3\u00b6'],
  ...['/a"<>\\^`{|}', '/a;b=1', '*', 'x', '', 'http://other.test/x'],
  ...['/a b', '/a\tb', '/a\u0001', '/\u007f'],
]

/** Requests that both servers must handle identically. */
export const SAME_REQUESTS: readonly DifferentialCase[] = [
  ...METHODS.map((method): DifferentialCase => [`method ${method}`, { fields: headOf({ ':method': method }) }]),
  ...PATHS.map((path): DifferentialCase => [`path ${JSON.stringify(path)}`, { fields: headOf({ ':path': path }) }]),
  ['OPTIONS *', { fields: headOf({ ':method': 'OPTIONS', ':path': '*' }) }],
  ...['https', 'ftp', 'HTTP'].map(
    (scheme): DifferentialCase => [`scheme ${scheme}`, { fields: headOf({ ':scheme': scheme }) }],
  ),

  ['a field twice', get(['x-a', '1'], ['x-a', '2'])],
  ...[
    'content-type',
    'user-agent',
    'accept',
    'authorization',
    'if-modified-since',
    'set-cookie',
    'referer',
    'etag',
  ].map((name): DifferentialCase => [`${name} twice`, get([name, 'a'], [name, 'b'])]),
  ['te: trailers', get(['te', 'trailers'])],
  ['te: gzip', get(['te', 'gzip'])],
  ['an empty value', get(['x-a', ''])],
  ['a value outside of ASCII', get(['x-a', 'caf\u00e9'])],
  ['a value with a tab', get(['x-a', 'a\tb'])],
  ['a value with a control character', get(['x-a', 'a\u0001b'], ['x-b', 'c'])],
  ['a value with DEL', get(['x-a', 'a\u007fb'])],
  ['a name in upper case', get(['X-A', 'a'])],
  ['connection', get(['connection', 'close'])],
  ['transfer-encoding', post('x', ['transfer-encoding', 'chunked'])],
  ['a pseudo-header behind a field', { fields: [['x', 'y'], ...headOf()] }],
  ['99 fields', get(...Array.from({ length: 99 }, (_, at) => [`x-${at}`, '1'] as const))],
  ['a long value', get(['x-a', 'y'.repeat(12_000)])],
  ['forwarded fields', get(['x-forwarded-for', '192.0.2.1'], ['forwarded', 'for=192.0.2.1'])],

  ['host beside :authority', get(['host', AUTHORITY])],
  ['host alone', { fields: [...headOf().filter(([name]) => name !== ':authority'), ['host', 'a.test:2']] }],
  ['neither', { fields: headOf().filter(([name]) => name !== ':authority') }],
  ['userinfo', { fields: headOf({ ':authority': 'user@a.test' }) }],

  ['expect: 100-continue', post('x', ['expect', '100-continue'])],
  ['expect: other', post('x', ['expect', 'other'])],

  ['a body', post('abc')],
  ['a body without type', { fields: headOf({ ':method': 'POST' }), body: 'abc' }],
  ['an empty body', post('')],
  ['no body', { fields: headOf({ ':method': 'POST' }, [['content-type', 'text/x']]) }],
  ['a body of GET', { fields: headOf({}, [['content-type', 'text/x']]), body: 'abc' }],
  ['a body of DELETE', { fields: headOf({ ':method': 'DELETE' }, [['content-type', 'text/x']]), body: 'abc' }],
  ['content-length', post('abc', ['content-length', '3'])],
  ['content-length 003', post('abc', ['content-length', '003'])],
  ['content-length 0', { fields: headOf({ ':method': 'POST' }, [['content-length', '0']]) }],
  ['content-length 0 and an empty body', post('', ['content-length', '0'])],
  ['content-length of GET without a body', get(['content-length', '3'])],
  ['content-length twice, equal', post('abc', ['content-length', '3'], ['content-length', '3'])],
  ['content-length twice, unlike', post('abc', ['content-length', '3'], ['content-length', '4'])],
  ['content-length as a list', post('abc', ['content-length', '3, 3'])],
  ['content-length above the body', post('abc', ['content-length', '4'])],
  ['content-length with a sign', post('abc', ['content-length', '+3'])],
  ['an empty content-length', post('abc', ['content-length', ''])],
  ['content-encoding', post('abc', ['content-encoding', 'gzip'])],

  [
    'trailers',
    {
      ...post('abc', ['trailer', 'x-t']),
      trailers: [
        ['x-t', '1'],
        ['x-t', '2'],
        ['x-u', '\u00e9'],
      ],
    },
  ],
  ['trailers without a body', { fields: post('').fields, trailers: [['x-t', '1']] }],
  ['content-length in trailers', { ...post('abc'), trailers: [['content-length', '3']] }],
  ['trailers behind a content-length', { ...post('abc', ['content-length', '3']), trailers: [['x-t', '1']] }],
]

/** Requests that they handle differently, and why. */
export const OTHER_REQUESTS: readonly (readonly [name: string, request: RawRequest, why: string])[] = [
  [
    'cookie crumbs',
    get(['cookie', 'a=1'], ['x', 'y'], ['cookie', 'b=2']),
    'rawHeaders have one cookie, as over HTTP/1.1',
  ],
  ['a field named __proto__', get(['__proto__', 'x']), 'headers of node:http are an object with a prototype'],
  ['a padded value', get(['x-a', ' a ']), 'malformed (RFC 9113 section 8.2.1), where node:http2 drops the field'],
  ['a value with NUL', get(['x-a', 'a\u0000']), 'malformed (RFC 9113 section 8.2.1), where node:http2 drops the field'],
  ['another host beside :authority', get(['host', 'other.test']), 'contradicting hosts are refused'],
  ['expect: 100-Continue', post('x', ['expect', '100-Continue']), 'its case does not matter (RFC 9110 section 10.1.1)'],
  ['content-length below the body', post('abc', ['content-length', '2']), 'ends the stream, not the connection'],
  [
    'CONNECT',
    {
      fields: [
        [':method', 'CONNECT'],
        [':authority', 'a.test:1'],
      ],
    },
    '501 with a body, where node:http2 has 405',
  ],
]
