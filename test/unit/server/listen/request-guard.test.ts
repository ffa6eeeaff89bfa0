import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { guardRequest, toOriginForm } from '../../../../server/listen/request-guard.ts'
import type { NodeRequest } from '../../../../server/rpc/exchange/node-request.ts'

const LIMITS = { maxHeaderFields: 3, hosts: null }

interface Head {
  readonly method?: string
  readonly url?: string
  readonly fields?: readonly (readonly [string, string])[]
}

function requestOf({ method = 'GET', url = '/', fields = [['host', 'a']] }: Head): NodeRequest {
  const headers: IncomingHttpHeaders = Object.fromEntries(fields)
  return { method, url, headers, rawHeaders: fields.flat() } as Partial<NodeRequest> as NodeRequest
}

const PSEUDO = [':method', ':path', ':scheme'].map((name) => [name, 'x'] as const)

test.each<Head>([
  {},
  { method: 'OPTIONS', url: '*' },
  {
    fields: [
      ['host', 'a'],
      ['x', '1'],
      ['y', '2'],
    ],
  },
  { fields: [...PSEUDO, [':authority', 'a'], ['x', '1'], ['y', '2'], ['z', '3']] },
  {
    fields: [
      [':authority', 'a'],
      ['host', 'A:80'],
    ],
  },
  {
    fields: [
      ['host', 'a'],
      ['transfer-encoding', 'Chunked'],
    ],
  },
])('accepts %o', (head) => {
  expect(guardRequest(requestOf(head), LIMITS)).toBeUndefined()
})

test.each<[Head, number, RegExp]>([
  [
    {
      fields: [
        ['host', 'a'],
        ['x', '1'],
        ['y', '2'],
        ['z', '3'],
      ],
    },
    431,
    /more than 3/,
  ],
  [{ url: '*' }, 400, /path/],
  [{ url: 'http://a/' }, 400, /path/],
  [{ url: '' }, 400, /path/],
  [{ fields: [] }, 400, /no Host/],
  [{ fields: [['host', '[']] }, 400, /malformed/],
  [
    {
      fields: [
        ['host', 'a'],
        ['host', 'b'],
      ],
    },
    400,
    /more than one/,
  ],
  [
    {
      fields: [
        [':authority', 'a'],
        ['host', 'b'],
      ],
    },
    400,
    /more than one/,
  ],
  [
    {
      fields: [
        [':authority', 'a'],
        ['host', '['],
      ],
    },
    400,
    /more than one/,
  ],
  [
    {
      fields: [
        ['host', 'a'],
        ['transfer-encoding', 'gzip, chunked'],
      ],
    },
    501,
    /only chunked/,
  ],
])('rejects %o with %i', (head, httpStatus, message) => {
  expect(guardRequest(requestOf(head), LIMITS)).toMatchObject({ httpStatus, message: expect.stringMatching(message) })
})

function proxiedRequest(method: string, url: string, host: string | undefined): IncomingMessage {
  return { method, url, headers: { host } } as unknown as IncomingMessage
}

test.each([
  ['GET', 'http://a.test/x?y=1', 'a.test', '/x?y=1'],
  ['GET', 'HTTPS://A.TEST:443/x', 'a.test', '/x'],
  ['GET', 'http://a.test', 'a.test', '/'],
  ['GET', 'http://a.test?y', 'a.test', '/?y'],
  ['GET', 'http://a.test/x#part', 'a.test', '/x'],
  ['OPTIONS', 'http://a.test', 'a.test', '*'],
  ['GET', 'http://a.test/x', '', '/x'],
  ['GET', 'http://a.test/x', undefined, '/x'],
])('%s %s with Host %s becomes %s', (method, url, host, target) => {
  const request = proxiedRequest(method, url, host)
  expect(toOriginForm(request)).toBe(true)
  expect(request.url).toBe(target)
  expect(request.headers.host?.toLowerCase()).toMatch(/^a\.test(:443)?$/)
})

test.each([
  ['/x', 'a.test'],
  ['*', 'a.test'],
  ['http://b.test/x', 'a.test'],
  ['http://user@a.test/x', 'a.test'],
  ['http:///x', 'a.test'],
  ['http://[/x', 'a.test'],
  ['ftp://a.test/x', 'a.test'],
  ['a.test:443', 'a.test:443'],
])('%s with Host %s is unchanged', (url, host) => {
  const request = proxiedRequest('GET', url, host)
  expect(toOriginForm(request)).toBe(false)
  expect(request).toEqual(proxiedRequest('GET', url, host))
})
