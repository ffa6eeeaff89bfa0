/** A reverse proxy for HTTP/1.1 and WebSockets that has a server below a prefix, which the server does not know of. */
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** Starts a proxy to a server, and returns its origin. It is closed when the running test ends. */
export async function startPrefixProxy(target: string, prefix: string): Promise<string> {
  const forward = ({ method, url = '', headers }: IncomingMessage) =>
    request(new URL(url.slice(prefix.length), target), { method: method ?? 'GET', headers })
  const server = createServer((incoming, response) => {
    if (incoming.url?.startsWith(`${prefix}/`) !== true) return void response.writeHead(404).end()
    const outgoing = forward(incoming).on('error', () => response.destroy())
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    incoming.pipe(outgoing)
  })
  server.on('upgrade', (incoming: IncomingMessage, socket) => {
    const outgoing = forward(incoming).on('error', () => socket.destroy())
    outgoing.on('upgrade', (answer, upstream) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`)
      upstream.on('error', () => socket.destroy()).pipe(socket)
      socket.on('error', () => upstream.destroy()).pipe(upstream)
    })
    outgoing.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
