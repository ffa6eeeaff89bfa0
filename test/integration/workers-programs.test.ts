/** Programs with workers: what keeps them from starting, and what they run in the primary. */
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { exchangeHttp1 } from '../support/exchange.ts'
import { listenRaw } from '../support/listen-raw.ts'
import { ServerProcess } from '../support/server-process.ts'
import { temporaryFile } from '../support/temporary-file.ts'

const SERVE = JSON.stringify(new URL('../../server/serve.ts', import.meta.url).href)

test('what keeps a server from starting is reported once, with exit code 1, and the primary releases what it has', async () => {
  const portInUse = async () => {
    const port = await listenRaw(createServer())
    const server = new ServerProcess(['--port', String(port), '--workers', '2'])
    expect(await server.exited).toBe(1)
    expect(server.stderr).toBe(
      `127.0.0.1:${port} is in use: stop what listens there, or choose another port with --port\n`,
    )
  }
  const failedSetup = async () => {
    const program = await temporaryFile(
      'fails.ts',
      `import { serve } from ${SERVE}
      await serve({
        workers: 2,
        primary: (_link, { onClose }) => onClose(() => console.error('released')),
        routes() {},
        setup(_fastify, { worker }) { if (worker.id === 2) throw new Error('no database') },
      })`,
    )
    const server = new ServerProcess(['--port', '0'], {}, program)
    expect(await server.exited).toBe(1)
    expect(server.stderr.match(/no database/g)).toHaveLength(1)
    expect(server.stderr).toMatch(/^ {4}at .*setup/m)
    expect(server.stderr.match(/released/g)).toHaveLength(1)
  }
  await Promise.all([portInUse(), failedSetup()])
})

test('a drain of all workers takes the time of the flag, which comes before that in code', async () => {
  const program = await temporaryFile(
    'drains.ts',
    `import { serve } from ${SERVE}
    await serve({ workers: 2, listen: { drainTimeoutMs: 1 }, routes() {} })`,
  )
  const { server } = await ServerProcess.listen(['--drain-timeout', '9s'], {}, program)
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  const draining = server.lines.filter(({ msg }) => String(msg).startsWith('draining'))
  expect(draining).toMatchObject([{ drainTimeoutMs: 9_000 }])
})

test('the primary runs its own part, workers reach it, and their long lines arrive whole', async () => {
  const program = await temporaryFile(
    'counts.ts',
    `import { serve } from ${SERVE}
    let count = 0
    await serve({
      workers: 2,
      primary: (link, { log, onClose }) => {
        link.onRequest('count', (step, { id }) => [(count += Number(step)), id])
        onClose(() => log.info({ count }, 'released'))
      },
      routes() {},
      setup: (fastify, { worker, log }) => {
        fastify.get('/count', () => worker.request('count', 2n))
        fastify.get('/log', async () => {
          for (let n = 0; n < 100; n += 1) log.warn({ n, text: 'x'.repeat(20_000) }, 'long')
          return 'logged'
        })
      },
    })`,
  )
  const { server, origin } = await ServerProcess.listen([], {}, program)
  const get = async (path: string) => String((await exchangeHttp1(origin, { method: 'GET', path })).body)
  const count = async () => JSON.parse(await get('/count'))
  expect([await count(), await count(), await count()]).toEqual([
    [2, 1],
    [4, 2],
    [6, 1],
  ])
  await Promise.all(Array.from({ length: 4 }, () => get('/log')))
  server.kill('SIGTERM')
  expect(await server.exited).toBe(0)
  expect(server.lines.filter(({ msg }) => msg === 'released')).toMatchObject([{ count: 6 }])
  // A torn line would be no JSON.
  const long = server.lines.filter(({ msg }) => msg === 'long')
  expect(long.filter(({ text }) => String(text).length === 20_000)).toHaveLength(400)
  expect(new Set(long.map(({ worker }) => worker)).size).toBe(2)
})
