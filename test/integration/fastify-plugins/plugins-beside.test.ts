/** Plugins with their own routes and parsers work beside calls, and do not affect them. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import statics from '@fastify/static'
import swagger from '@fastify/swagger'
import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import metrics from 'fastify-metrics'
import { expect, onTestFinished, test } from 'vitest'
import { SAY_HELLO } from '../../support/calls.ts'
import { type Exchanged, type ExchangeInit, exchangeHttp1, exchangeHttp2 } from '../../support/exchange.ts'
import { type PluginApp, STREAM_LENGTH, startPluginApp } from '../../support/plugin-app.ts'
import { CALLERS, CALLS } from '../../support/plugin-callers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const ORIGINS = [
  ['http', exchangeHttp1],
  ['https', exchangeHttp1],
  ['http', exchangeHttp2],
  ['https', exchangeHttp2],
] as const

async function start(plugins: (app: FastifyInstance) => unknown): Promise<PluginApp> {
  const started = await startPluginApp({ plugins, says: 'unharmed' })
  onTestFinished(() => started.app.close())
  return started
}

/** Every caller, before and after what a plugin's own routes do. */
async function expectUnharmed(started: PluginApp): Promise<void> {
  for (const caller of CALLERS) {
    const { code, saw } = await caller.open(started)()
    expect([code, ...new Set(saw)], caller.name).toEqual(['ok', 'unharmed'])
    if (caller.kind === 'stream') expect(saw, caller.name).toHaveLength(STREAM_LENGTH)
  }
}

async function everyWay(started: PluginApp, init: ExchangeInit): Promise<Exchanged[]> {
  const answers: Exchanged[] = []
  for (const [scheme, exchange] of ORIGINS) {
    const ca = scheme === 'https' ? started.ca : undefined
    answers.push(await exchange(`${scheme}://127.0.0.1:${started.port}`, init, ca))
  }
  return answers
}

test('@fastify/multipart', async () => {
  const started = await start(async (app) => {
    await app.register(multipart)
    app.post('/upload', async (request) => {
      const file = await request.file()
      return { name: file?.filename, bytes: (await file?.toBuffer())?.length }
    })
  })
  await expectUnharmed(started)
  const form = new FormData()
  form.set('file', new File([Buffer.alloc(100_000)], 'file.bin'))
  const encoded = new Response(form)
  const init = {
    path: '/upload',
    headers: { 'content-type': String(encoded.headers.get('content-type')) },
    body: Buffer.from(await encoded.arrayBuffer()),
  }
  for (const { body } of await everyWay(started, init)) {
    expect(JSON.parse(body.toString())).toEqual({ name: 'file.bin', bytes: 100_000 })
  }
  await expectUnharmed(started)
})

test('@fastify/formbody', async () => {
  const started = await start(async (app) => {
    await app.register(formbody)
    app.post('/form', async ({ body }) => body)
  })
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  for (const { body } of await everyWay(started, { path: '/form', headers, body: 'a=1&b=2' })) {
    expect(JSON.parse(body.toString())).toEqual({ a: '1', b: '2' })
  }
  await expectUnharmed(started)
})

test('@fastify/static, as the catch-all route', async () => {
  const root = await temporaryFolder()
  await writeFile(join(root, 'index.html'), '<p>home')
  const started = await start((app) => app.register(statics, { root, wildcard: true }))
  for (const { body } of await everyWay(started, { method: 'GET', path: '/' })) expect(body.toString()).toBe('<p>home')
  await expectUnharmed(started)
})

test('@fastify/swagger', async () => {
  const started = await start((app) => app.register(swagger, { openapi: { info: { title: 'test', version: '1' } } }))
  const document = started.app.swagger()
  expect(document).toMatchObject({ openapi: '3.0.3', paths: { '/about': { get: {} } } })
  expect(started.app.swagger({ yaml: true })).toContain('/about')
  await expectUnharmed(started)
})

test('@fastify/websocket', async () => {
  const started = await start(async (app) => {
    await app.register(websocket)
    await app.register(async (scope) => {
      scope.get('/echo', { websocket: true }, (socket) => {
        socket.on('message', (data: Buffer) => socket.send(`echo ${data}`))
      })
    })
  })
  await expectUnharmed(started)
  const socket = new WebSocket(`ws://127.0.0.1:${started.port}/echo`)
  const echoed = new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => resolve(data)
    socket.onerror = () => reject(new Error('the socket failed'))
  })
  socket.onopen = () => socket.send('hello')
  expect(await echoed).toBe('echo hello')
  await expectUnharmed(started)
  const closed = new Promise((resolve) => {
    socket.onclose = resolve
  })
  socket.close()
  await closed
})

test('fastify-metrics counts calls by route', async () => {
  const started = await start((app) =>
    app.register(metrics.default, { clearRegisterOnInit: true, defaultMetrics: { enabled: false } }),
  )
  await expectUnharmed(started)
  const [{ body } = { body: '' }] = await everyWay(started, { method: 'GET', path: '/metrics' })
  const calls = CALLS.filter(({ kind }) => kind === 'unary').length
  expect(body.toString()).toContain(
    `http_request_duration_seconds_count{method="POST",route="${SAY_HELLO}",status_code="200"} ${calls}`,
  )
  const streams = SAY_HELLO.replace('SayHello', 'GetStream')
  expect(body.toString()).toContain(
    `http_request_duration_seconds_count{method="POST",route="${streams}",status_code="200"} ${calls}`,
  )
})
