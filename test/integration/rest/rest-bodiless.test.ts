/** Requests over HTTP/1.1 that announce no body: they are complete with their head (RFC 9112 section 6.3). */
import { expect, test } from 'vitest'
import { startLibrary } from '../../support/library.ts'
import { RawSocket } from '../../support/raw-socket.ts'

async function open(): Promise<RawSocket> {
  const { port } = await startLibrary()
  return RawSocket.open({ port })
}

const HEAD = 'HTTP/1.1\r\nHost: localhost\r\n'
const shelf = (id: string) => `GET /v1/shelves/${id} ${HEAD}\r\n`

test('pipelined ones are answered in order, between requests with bodies', async () => {
  const socket = await open()
  const merge = (length: string, body: string) =>
    `POST /v1/shelves/c:merge ${HEAD}Content-Type: application/json\r\n${length}\r\n${body}`
  socket.write(
    [
      shelf('a'),
      shelf('a'),
      merge('Content-Length: 18\r\n', '{"otherShelf":"d"}'),
      shelf('b'),
      merge('Transfer-Encoding: chunked\r\n', '12\r\n{"otherShelf":"e"}\r\n0\r\n\r\n'),
      `GET /v1/shelves/z ${HEAD}Content-Length: 0\r\n\r\n`,
    ].join(''),
  )
  const text = await socket.untilText('shelves/z')
  const answers = [...text.matchAll(/\{"name":"shelves\/(\w)","theme":"(\w+)"/g)].map(
    ([, name, theme]) => `${name} ${theme}`,
  )
  expect(answers).toEqual(['a history', 'a history', 'c d', 'b history', 'c e', 'z history'])
})

test('bytes after a POST without a length are the next request', async () => {
  const socket = await open()
  socket.write(`POST /v1/shelves/c:merge ${HEAD}\r\n${shelf('z')}`)
  const text = await socket.untilText('shelves/z')
  expect(text.match(/HTTP\/1.1 200/g)).toHaveLength(2)
  expect(text).toContain('{"name":"shelves/c"}')
})

test('one that arrives in parts is answered when its head is complete', async () => {
  const socket = await open()
  for (const part of [...shelf('a')].slice(0, -1)) socket.write(part)
  socket.write('\n')
  expect(await socket.untilText('shelves/a')).toContain('HTTP/1.1 200')
})

test('T6 a WebSocket handshake that no listener takes is answered as the GET that it is', async () => {
  const socket = await open()
  const fields = ['Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  socket.write(`GET /v1/shelves/1:watch?count=1 HTTP/1.1\r\n${fields.join('\r\n')}\r\n\r\n`)
  const text = await socket.untilText('"removed":"book 1"')
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text).toContain('application/x-ndjson')
})
