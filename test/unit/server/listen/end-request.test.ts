import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  connect,
  constants,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { endUnreadRequest } from '../../../../server/listen/end-request.ts'
import { readHttp2 } from '../../../support/exchange.ts'
import { RawSocket } from '../../../support/raw-socket.ts'

const HEAD = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n'

/** Responds to every request at once, even if its body is incomplete. */
async function serve(httpVersion: '1.1' | '2'): Promise<number> {
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    endUnreadRequest(request, response)
    response.end('early')
  }
  const answerHttp2 = (request: Http2ServerRequest, response: Http2ServerResponse) => {
    endUnreadRequest(request, response)
    response.end('early')
  }
  const server = httpVersion === '2' ? createHttp2Server(answerHttp2) : createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

test('over HTTP/1.1 the connection closes after the response, which says so', async () => {
  const raw = await RawSocket.open({ port: await serve('1.1') })
  raw.write(`${HEAD}abc`)
  await raw.closed
  expect(raw.text).toMatch(/^HTTP\/1\.1 200 .*\r\nconnection: close\r\n.*early$/is)
})

test('a peer that keeps sending gets the whole response, not a reset', async () => {
  const raw = await RawSocket.open({ port: await serve('1.1') })
  let failure: Error | undefined
  raw.socket.on('error', (error) => {
    failure = error
  })
  raw.write(`${HEAD}abc`)
  await raw.untilText('early')
  raw.write('defghij')
  await raw.closed
  expect(failure).toBeUndefined()
})

test('over HTTP/1.1 a connection whose request is complete stays open', async () => {
  const raw = await RawSocket.open({ port: await serve('1.1') })
  for (let count = 1; count <= 2; count++) {
    raw.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    await raw.until(() => raw.text.split('early').length === count + 1)
  }
  expect(raw.text).not.toMatch(/connection: close/i)
})

test('over HTTP/2 the stream is reset with NO_ERROR after the response, and the connection stays open', async () => {
  const session = connect(`http://127.0.0.1:${await serve('2')}`)
  onTestFinished(() => session.destroy())
  for (let count = 0; count < 2; count++) {
    const stream = session.request({ ':method': 'POST', ':path': '/' })
    stream.write('abc')
    expect((await readHttp2(stream)).body.toString()).toBe('early')
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR)
  }
})
