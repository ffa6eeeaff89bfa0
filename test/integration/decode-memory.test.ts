/** Small messages that decode to large ones crash neither a server nor a client. Both have a heap of 256 MB here. */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { request as requestHttp1 } from 'node:http'
import path from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type CallProtocol, callHeaders, endOf, envelope } from '../support/calls.ts'
import { repeat, SAMPLE_BOMBS } from '../support/decode-bombs.ts'
import { exchangeHttp1, exchangeHttp2 } from '../support/exchange.ts'
import type { HeapFigures } from '../support/heap-server.ts'
import { startHostileAnswers } from '../support/hostile-server.ts'

const FOLDER = path.resolve(import.meta.dirname, '../support')
const HEAP_MB = 256
const LENGTH = 4 * 1_024 * 1_024 - 1_024
const EXHAUSTED = /^(resource_exhausted|grpc-status 8)$/

/** Starts a server with a heap of that size. */
async function startServer(heapMb = HEAP_MB, ...args: string[]) {
  const child = fork(path.join(FOLDER, 'heap-server.ts'), args, { execArgv: [`--max-old-space-size=${heapMb}`] })
  onTestFinished(async () => {
    child.kill('SIGKILL')
    await closed
  })
  const closed = once(child, 'close').then((): [undefined] => [undefined])
  const ask = async () => {
    const [figures] = (await Promise.race([once(child, 'message'), closed])) as [HeapFigures | undefined]
    if (figures === undefined) throw new Error('the server is dead')
    return figures
  }
  const { port } = await ask()
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    received: () => {
      child.send('how much')
      return ask().then(({ received }) => received)
    },
  }
}

const EMPTY = Buffer.alloc(0)
const WEB_TRAILERS = envelope(Buffer.from('grpc-status: 0\r\n'), 0x80)

const ENCODING: Readonly<Partial<Record<CallProtocol, string>>> = {
  grpc: 'grpc-encoding',
  'grpc-web': 'grpc-encoding',
  connect: 'content-encoding',
  'connect-stream': 'connect-content-encoding',
}

const WAYS = [
  ['grpc', 'HTTP/2', exchangeHttp2],
  ['grpc-web', 'HTTP/2', exchangeHttp2],
  ['grpc-web', 'HTTP/1.1', exchangeHttp1],
  ['connect', 'HTTP/2', exchangeHttp2],
  ['connect', 'HTTP/1.1', exchangeHttp1],
] as const

/** One of each kind of object, compressed to a few kilobytes. The unit tests have many more. */
const BOMBS = [
  'unknown empty strings',
  'messages of a type with many fields',
  'messages with a map of one high key each',
  'entries of a map by name',
  'a JSON object that comes again and again',
].map((name) => [name, gzipSync(SAMPLE_BOMBS[name]?.(LENGTH) ?? EMPTY, { level: 1 })] as const)

/** A request whose message is compressed. */
function request(protocol: CallProtocol, target: string, data: Uint8Array) {
  const headers = { ...callHeaders(protocol), [ENCODING[protocol] ?? '']: 'gzip' }
  return { path: target, headers, body: protocol === 'connect' ? data : envelope(data, 1) }
}

/** Sizes are in octets. */
function unknownFields(length: number): Uint8Array {
  return gzipSync(SAMPLE_BOMBS['unknown empty strings']?.(length) ?? '')
}

describe('a server', () => {
  /** `name`, then two million times an unknown field. */
  const health = gzipSync(Buffer.concat([Buffer.from('\n\x01x'), repeat([0x1a, 0], 4_000_000)]))

  test.each(WAYS)(
    'rejects them in %s over %s, in its own services and in yours',
    async (protocol, _version, exchange) => {
      const { origin, received } = await startServer()
      const call = async (target: string, data: Uint8Array) =>
        endOf(protocol, await exchange(origin, request(protocol, target, data)))
      expect(await call('/grpc.health.v1.Health/Check', health)).toEqual({
        code: expect.stringMatching(EXHAUSTED),
        message: expect.stringContaining('decodeBudgetBytes'),
      })
      for (const [name, data] of BOMBS) {
        const { code } = await call('/sample.Sampler/Keep', data)
        expect(code, name).toMatch(EXHAUSTED)
      }
      expect(await received()).toBe(0)
    },
    60_000,
  )

  test.each([
    ['grpc', exchangeHttp2],
    ['grpc-web', exchangeHttp2],
    ['connect-stream', exchangeHttp2],
  ] as const)(
    'rejects them in streams of %s',
    async (protocol, exchange) => {
      const { origin, received } = await startServer()
      const targets = ['/sample.Sampler/Chat', '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo']
      for (const target of targets) {
        const { code } = endOf(protocol, await exchange(origin, request(protocol, target, health)))
        expect(code, target).toMatch(EXHAUSTED)
      }
      expect(await received()).toBe(0)
    },
    60_000,
  )

  test('holds twelve messages just within the budget in a heap of 1.5 GB', async () => {
    // 51,000 unknown fields are 8 MiB; the twelve are 96 MiB.
    const { port, origin, received } = await startServer(384, '1048576')
    const init = request('connect', '/sample.Sampler/Keep', unknownFields(3 * 51_000))
    for (let count = 1; count <= 12; count += 1) {
      const call = requestHttp1({ port, host: '127.0.0.1', method: 'POST', path: init.path, headers: init.headers })
      call.on('error', () => {})
      onTestFinished(() => {
        call.destroy()
      })
      call.end(init.body)
      await expect.poll(received, { timeout: 10_000 }).toBe(count)
    }
    const larger = request('connect', init.path, unknownFields(3 * 52_000))
    expect(endOf('connect', await exchangeHttp1(origin, larger)).code).toMatch(EXHAUSTED)
  }, 60_000)
})

describe('a client', () => {
  const run = promisify(execFile)

  const contentTypes = {
    grpc: 'application/grpc',
    'grpc-web': 'application/grpc-web+proto',
    connect: 'application/proto',
  }

  test.each([
    ['grpc', '2'],
    ['grpc-web', '2'],
    ['grpc-web', '1.1'],
    ['connect', '2'],
    ['connect', '1.1'],
  ] as const)(
    'rejects them in responses of %s over HTTP/%s',
    async (protocol, httpVersion) => {
      for (const [name, data] of BOMBS.slice(0, 2)) {
        const isUnary = protocol === 'connect'
        const { baseUrl } = await startHostileAnswers(httpVersion, {
          fields: [
            ['content-type', contentTypes[protocol]],
            [isUnary ? 'content-encoding' : 'grpc-encoding', 'gzip'],
          ],
          body: isUnary ? data : Buffer.concat([envelope(data, 1), protocol === 'grpc-web' ? WEB_TRAILERS : EMPTY]),
          ...(protocol === 'grpc' && { trailers: [['grpc-status', '0']] as const }),
        })
        const args = [path.join(FOLDER, 'heap-client.ts'), baseUrl, protocol, httpVersion]
        const { stdout } = await run(process.execPath, [`--max-old-space-size=${HEAP_MB}`, ...args])
        // A Connect stream has another content type; over HTTP/1.1 there are no bidirectional streams.
        expect(stdout.split('\n')[0], name).toBe('ResourceExhausted')
        if (protocol !== 'connect' && httpVersion === '2') expect(stdout.split('\n')[1], name).toBe('ResourceExhausted')
      }
    },
    60_000,
  )
})
