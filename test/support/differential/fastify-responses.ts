/** Handlers whose HTTP/2 responses must not depend on the server implementation. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** Responds, by any means that Fastify offers. */
export type Answer = (reply: FastifyReply) => unknown

/** Takes the response object of node:http or node:http2 from Fastify. */
function raw(reply: FastifyReply): FastifyReply['raw'] {
  reply.hijack()
  return reply.raw
}

/** Responses that both must send identically, to GET and to HEAD. */
export const SAME_RESPONSES: Readonly<Record<string, Answer>> = {
  text: () => 'text',
  json: () => ({ a: 1 }),
  'text outside of ASCII': () => 'caf\u00e9 \u4f60',
  'an empty text': () => '',
  octets: () => Buffer.from('octets'),
  'a long text': () => 'x'.repeat(100_000),
  'long octets': () => Buffer.alloc(100_000, 'x'),
  'a stream': (reply) => reply.type('text/plain').send(Readable.from(['a', 'b', 'c'])),
  'a web response': (reply) => reply.send(new Response('hi', { headers: { 'x-r': '1' } })),
  '204': (reply) => reply.code(204).send(),
  '204 with a body': (reply) => reply.code(204).send('x'),
  '304': (reply) => reply.code(304).send(),
  '304 with a body': (reply) => reply.code(304).send('x'),
  '205': (reply) => reply.code(205).send(''),
  '404': (reply) => reply.callNotFound(),
  '599': (reply) => reply.code(599).send('text'),
  'an error': () => {
    throw new Error('boom')
  },
  'a redirect': (reply) => reply.redirect('/x'),
  cookies: (reply) => reply.header('set-cookie', ['a=1', 'b=2']).send('text'),
  'a field twice': (reply) => reply.header('x-a', ['1', '2']).send('text'),
  'a name in upper case': (reply) => reply.header('X-A', 'Value').send('text'),
  'an empty value': (reply) => reply.header('x-a', '').send('text'),
  'a value outside of ASCII': (reply) => reply.header('x-a', 'caf\u00e9').send('caf\u00e9'),
  'the same, with octets': (reply) => reply.header('x-a', 'caf\u00e9').send(Buffer.from('caf\u00e9')),
  'a file name in UTF-8': (reply) =>
    reply.header('content-disposition', 'attachment; filename="caf\u00c3\u00a9"').send('text'),
  'a long head': (reply) => reply.header('x-a', 'y'.repeat(40_000)).send('text'),
  'a date': (reply) => reply.header('date', 'Thu, 01 Jan 1970 00:00:00 GMT').send('text'),
  'early hints': (reply) => {
    reply.raw.writeEarlyHints({ link: '</a.css>; rel=preload' })
    return 'text'
  },
  trailers: (reply) =>
    reply
      .trailer('x-t', async () => '1')
      .trailer('x-u', async () => '2')
      .send('text'),
  'trailers alone': (reply) => reply.trailer('x-t', async () => '1').send(''),
  'trailers behind a stream': (reply) =>
    reply
      .type('text/plain')
      .trailer('x-t', async () => '1')
      .send(Readable.from(['a'])),
  'a response in pieces': (reply) => {
    const response = raw(reply).writeHead(201, { 'x-a': '1' })
    response.write('a')
    setImmediate(() => response.write('b', () => response.end('c')))
  },
  'a response without a head': (reply) => {
    const response = raw(reply)
    response.write('a')
    setImmediate(() => response.end())
  },
  'trailers by hand': (reply) => {
    const response = raw(reply)
    response.write('a')
    response.addTrailers({ 'x-t': '1' })
    response.end()
  },
  'no date': (reply) => {
    reply.raw.sendDate = false
    return 'text'
  },
}

/** Responses to GET that our server sends differently, and why. */
export const OTHER_RESPONSES: readonly (readonly [
  name: string,
  answer: Answer,
  ours: { readonly status: number; readonly end: string },
  why: string,
])[] = [
  [
    'fewer octets than announced',
    (reply) => raw(reply).writeHead(200, { 'content-length': '10' }).end('abc'),
    { status: 0, end: 'S INTERNAL_ERROR' },
    'a malformed response (RFC 9113 section 8.1.1) is not sent',
  ],
  [
    'more octets than announced',
    (reply) => raw(reply).writeHead(200, { 'content-length': '2' }).end('abc'),
    { status: 0, end: 'S INTERNAL_ERROR' },
    'a malformed response (RFC 9113 section 8.1.1) is not sent',
  ],
  [
    'a value above U+00FF',
    (reply) => reply.header('x-a', '\u4f60').send('text'),
    { status: 500, end: 'fine' },
    'node:http refuses to send what node:http2 cuts to octets',
  ],
  [
    'a padded value',
    (reply) => reply.header('x-a', ' a ').send('text'),
    { status: 200, end: 'fine' },
    'without its blanks, which RFC 9113 section 8.2.1 forbids and node:http2 sends',
  ],
  [
    'fields of a connection',
    (reply) => reply.headers({ connection: 'close', 'keep-alive': 'x', upgrade: 'y' }).send('text'),
    { status: 200, end: 'fine' },
    'they are left out, where node:http2 throws beside the handler',
  ],
  [
    'a switch of protocols',
    (reply) => raw(reply).writeHead(101, { upgrade: 'x' }).end(),
    { status: 0, end: 'S INTERNAL_ERROR' },
    'HTTP/2 has no 101',
  ],
  [
    'a handler that breaks off',
    (reply) => {
      const response = raw(reply)
      setImmediate(() => response.destroy())
    },
    { status: 0, end: 'S INTERNAL_ERROR' },
    'an error, where node:http2 says NO_ERROR',
  ],
  [
    'octets written to the socket that are no response',
    (reply) => raw(reply).socket?.write('hello\r\n\r\n'),
    { status: 0, end: 'S INTERNAL_ERROR' },
    'node:http2 has no socket to write to',
  ],
  [
    'a response written to the socket',
    (reply) => raw(reply).socket?.end('HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok'),
    { status: 202, end: 'fine' },
    'node:http2 has no socket to write to',
  ],
]
