/** The header block of a WebSocket, and the head that it makes together with the handshake. */
import { describe, expect, test } from 'vitest'
import { callHeadOf } from '../../../../../server/listen/websocket/call-head-of.ts'
import type { Handshake } from '../../../../../server/listen/websocket/handshake.ts'
import { readHeaderBlock } from '../../../../../server/listen/websocket/header-block.ts'
import type { RequestField } from '../../../../../server/rpc/exchange/exchange.ts'

describe('the block', () => {
  test.each<[string, string, [string, string][]]>([
    [
      'as nice-grpc-web sends it',
      'content-type: a/b\r\nx-grpc-web: 1\r\n',
      [
        ['content-type', 'a/b'],
        ['x-grpc-web', '1'],
      ],
    ],
    ['without the last line end', 'a: b', [['a', 'b']]],
    ['with an empty line at the end', 'a: b\r\n\r\n', [['a', 'b']]],
    ['empty', '', []],
    [
      'with values that are empty or have colons',
      'a:\r\nb: c:d\r\n',
      [
        ['a', ''],
        ['b', 'c:d'],
      ],
    ],
    ['with names in upper case, and space around values', 'X-A: \t b \t\r\n', [['x-a', 'b']]],
    [
      'with the same name twice',
      'a: 1\r\na: 2\r\n',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
  ])('%s', (_what, text, fields) => {
    expect(readHeaderBlock(text)).toEqual(fields.map(([name, value]) => ({ name, value })))
  })

  test.each([':path: /', 'a b: c', 'no colon', ': c', ' a: b', 'a: b\nc: d', 'a: \0', 'a: \xff', 'a\x7f: b', 'ä: b'])(
    '%j is malformed',
    (text) => {
      expect(readHeaderBlock(`x: y\r\n${text}\r\n`)).toMatchObject({ httpStatus: 400 })
    },
  )

  test.each([' ', '\t', ' \t', 'x '])('a value with a million of %j is read at once', (text) => {
    const value = `a${text.repeat(1_000_000)}a`
    expect(readHeaderBlock(`x: ${value}`)).toEqual([{ name: 'x', value }])
  })
})

describe('the head', () => {
  const handshake: Handshake = {
    method: 'GET',
    path: '/s/M',
    authority: 'a.example',
    fields: fieldsOf({
      'sec-websocket-key': 'k',
      upgrade: 'websocket',
      origin: 'https://p.example',
      cookie: 'c=1',
      authorization: 'Basic a',
      'user-agent': 'browser',
      'x-forwarded-for': '192.0.2.1',
      'accept-language': 'de',
    }),
    connection: { remoteAddress: '', remotePort: 0, peer: '', isEncrypted: false, httpVersion: '1.1' },
    get: () => undefined,
  }

  function headOf(block: Record<string, string>, hasCredentials = true, maxHeaderFields = 100) {
    return callHeadOf({ handshake, hasCredentials, block: fieldsOf(block), maxHeaderFields })
  }

  test('has the fields of the block, and of the handshake those that matter', () => {
    const head = headOf({ 'content-type': 'application/grpc-web' })
    expect(head).toMatchObject({ method: 'POST', path: '/s/M', authority: 'a.example', verdict: 'fine' })
    expect(textOf(head)).toEqual({
      'content-type': 'application/grpc-web',
      origin: 'https://p.example',
      cookie: 'c=1',
      authorization: 'Basic a',
      'user-agent': 'browser',
      'x-forwarded-for': '192.0.2.1',
    })
  })

  test('has no credentials of a handshake that must not speak for the user', () => {
    const fields = textOf(headOf({}, false))
    expect(fields).not.toHaveProperty('cookie')
    expect(fields).not.toHaveProperty('authorization')
    expect(textOf(headOf({ authorization: 'Bearer b' }, false)).authorization).toBe('Bearer b')
  })

  test('takes nothing from the block that only a browser, a proxy or the connection may state', () => {
    const forged = {
      cookie: 'c=2',
      origin: 'https://forged.example',
      'x-forwarded-for': '198.51.100.1',
      'x-forwarded-client-cert': 'forged',
      forwarded: 'for=198.51.100.1',
      host: 'forged.example',
      connection: 'close',
      'content-length': '3',
      'transfer-encoding': 'chunked',
      'sec-fetch-site': 'same-origin',
      'proxy-authorization': 'Basic b',
    }
    expect(textOf(headOf(forged))).toEqual(textOf(headOf({})))
  })

  test('has no more fields than the port allows, those of the block that do not count included', () => {
    const many = Object.fromEntries(Array.from({ length: 95 }, (_, at) => [`x-${at}`, '']))
    expect(headOf(many)).toMatchObject({ method: 'POST' })
    expect(headOf({ ...many, te: 'trailers' })).toMatchObject({ httpStatus: 431 })
  })
})

function fieldsOf(fields: Record<string, string>): RequestField[] {
  return Object.entries(fields).map(([name, value]) => ({ name, value }))
}

function textOf(head: ReturnType<typeof callHeadOf>): Record<string, string> {
  if (!('fields' in head)) throw new Error(head.message)
  return Object.fromEntries(head.fields.map(({ name, value }) => [name, value]))
}
