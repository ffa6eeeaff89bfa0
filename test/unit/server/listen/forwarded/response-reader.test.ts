import { describe, expect, test } from 'vitest'
import { MalformedResponseError } from '../../../../../server/listen/forwarded/response-reader.ts'
import { RecordedResponse } from '../../../../support/recorded-response.ts'

const OK = 'HTTP/1.1 200 OK\r\n'

describe('response headers', () => {
  test('have the status first, names in lower case and values trimmed', () => {
    const { head } = RecordedResponse.of([`${OK}X-Mixed:  a b \r\nset-cookie: 1\r\nset-cookie: 2\r\nx-empty:\r\n\r\n`])
    expect(head).toEqual([
      [':status', '200'],
      ['x-mixed', 'a b'],
      ['set-cookie', '1'],
      ['set-cookie', '2'],
      ['x-empty', ''],
    ])
  })

  test('need no reason phrase', () => {
    expect(RecordedResponse.of(['HTTP/1.1 299 \r\n\r\n']).head).toEqual([[':status', '299']])
    expect(RecordedResponse.of(['HTTP/1.0 299\r\n\r\n']).head).toEqual([[':status', '299']])
  })

  test.each(['connection', 'Keep-Alive', 'proxy-connection', 'upgrade', 'http2-settings', 'te'])(
    'leaves %s to the connection',
    (name) => {
      expect(RecordedResponse.of([`${OK}${name}: x\r\nx: y\r\n\r\n`]).head).toEqual([
        [':status', '200'],
        ['x', 'y'],
      ])
    },
  )

  test('keep bytes outside of ASCII unchanged, whatever the string encoding', () => {
    const response = new RecordedResponse()
    response.push(`${OK}content-length: 2\r\nx: caf\u00e9\r\n\r\n\u00e9`, 'utf8')
    expect(response.head).toContainEqual(['x', 'caf\u00e9'])
    expect(response.body.toString()).toBe('\u00e9')
  })

  test('that node:http has decoded are encoded again', () => {
    const response = RecordedResponse.of([`${OK}content-disposition: attachment; filename="\u4f60"\r\n\r\n`])
    expect(response.head?.[1]?.[1]).toBe(`attachment; filename="${Buffer.from('\u4f60').toString('latin1')}"`)
  })

  test('come after interim ones', () => {
    const response = RecordedResponse.of([
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\ncontent-length: 7\r\n\r\n',
      `${OK}content-length: 0\r\n\r\n`,
    ])
    expect(response.interim).toEqual([
      [100, []],
      [
        103,
        [
          ['link', '</a>'],
          ['content-length', '7'],
        ],
      ],
    ])
    expect(response.isDone).toBe(true)
  })
})

describe('a body ends', () => {
  test('after the bytes that content-length announces, even if it appears twice', () => {
    const response = RecordedResponse.of([`${OK}content-length: 5\r\ncontent-length: 5\r\n\r\nhe`, 'llo'])
    expect(response.body.toString()).toBe('hello')
    expect(response.isDone).toBe(true)
    expect(response.head?.filter(([name]) => name === 'content-length')).toHaveLength(1)
  })

  test('after its last chunk, with trailers', () => {
    const chunks = '5;ext=1\r\nhello\r\n0A\r\n worldwide\r\n0\r\nX-Sum: 1\r\nconnection: x\r\n\r\n'
    const response = RecordedResponse.of([`${OK}transfer-encoding: Chunked\r\ncontent-length: 3\r\n\r\n${chunks}`])
    expect(response.body.toString()).toBe('hello worldwide')
    expect(response.trailers).toEqual([['x-sum', '1']])
    expect(response.head).toEqual([[':status', '200']])
  })

  test('with its connection if nothing announces its length', () => {
    const response = RecordedResponse.of([`${OK}\r\n`, 'some ', 'text'])
    expect(response.isDone).toBe(false)
    response.finish()
    expect(response.body.toString()).toBe('some text')
    expect(response.trailers).toEqual([])
  })

  test.each([
    ['to HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', true],
    ['to HEAD, chunked', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', true],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', false],
    ['304', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n', false],
    ['of no length', 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n', false],
  ])('with response headers %s', (_name, text, isHeadRequest) => {
    const response = RecordedResponse.of([text], isHeadRequest)
    expect(response.isDone).toBe(true)
    expect(response.body).toHaveLength(0)
  })

  test('and its pieces are copies', () => {
    const piece = Buffer.from('abc')
    const response = RecordedResponse.of([`${OK}content-length: 3\r\n\r\n`, piece])
    piece.fill('x')
    expect(response.body.toString()).toBe('abc')
  })

  test('whatever the encoding of its strings', () => {
    const response = RecordedResponse.of([`${OK}content-length: 7\r\n\r\n`])
    response.push('6162', 'hex')
    response.push('Y2Q=', 'base64')
    response.push('\u4f60', 'utf8')
    expect(response.body.toString()).toBe('abcd\u4f60')
  })
})

test.each([
  ['no response', 'GET / HTTP/1.1\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'],
  ['a line without CR', `${OK}x: y\n\r\n`],
  ['a field without a name', `${OK}: y\r\n\r\n`],
  ['a field without a colon', `${OK}x\r\n\r\n`],
  ['a name with a blank', `${OK}x y: z\r\n\r\n`],
  ['a pseudo-header', `${OK}:path: /\r\n\r\n`],
  ['a folded line', `${OK}x: y\r\n z\r\n\r\n`],
  ['a value with NUL', `${OK}x: y\u0000\r\n\r\n`],
  ['a value with CR', `${OK}x: y\rz\r\n\r\n`],
  ['two lengths', `${OK}content-length: 1\r\ncontent-length: 2\r\n\r\n`],
  ['a length that is no number', `${OK}content-length: +1\r\n\r\n`],
  ['a coding that HTTP/2 has no words for', `${OK}transfer-encoding: gzip, chunked\r\n\r\n`],
  ['a body that is too long', `${OK}content-length: 1\r\n\r\nab`],
  ['a body behind a head that has none', 'HTTP/1.1 204 No Content\r\n\r\nab'],
  ['a chunk without a size', `${OK}transfer-encoding: chunked\r\n\r\nx\r\n`],
  ['a chunk that is too long', `${OK}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`],
  ['a bad trailer', `${OK}transfer-encoding: chunked\r\n\r\n0\r\n: x\r\n\r\n`],
  ['a head without end', `${OK}x: ${'y'.repeat(1_100_000)}`],
])('%s is malformed', (_name, text) => {
  expect(() => RecordedResponse.of([text])).toThrow(MalformedResponseError)
  expect(() => RecordedResponse.of([Buffer.from(text, 'latin1')])).toThrow(MalformedResponseError)
})

test.each([
  ['before its head', ''],
  ['within its head', `${OK}x: y`],
  ['behind an interim head', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['within its body', `${OK}content-length: 2\r\n\r\na`],
  ['within a chunk', `${OK}transfer-encoding: chunked\r\n\r\n2\r\na`],
  ['before its last chunk', `${OK}transfer-encoding: chunked\r\n\r\n1\r\na\r\n`],
])('a response that ends %s is malformed', (_name, text) => {
  const response = RecordedResponse.of([text])
  expect(() => response.finish()).toThrow(MalformedResponseError)
})
