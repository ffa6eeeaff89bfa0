import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import type { NodeRequest } from '../../../../server/listen/node-exchange.ts'
import { guardRequest } from '../../../../server/listen/request-guard.ts'

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
])('%o passes', (head) => {
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
    /transfer codings/,
  ],
])('%o is refused with %i', (head, httpStatus, message) => {
  expect(guardRequest(requestOf(head), LIMITS)).toMatchObject({ httpStatus, message: expect.stringMatching(message) })
})
