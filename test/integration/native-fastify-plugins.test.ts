/** Plugins of Fastify work over our own HTTP/2 as they do over HTTP/1.1. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import cookie from '@fastify/cookie'
import multipart from '@fastify/multipart'
import statics from '@fastify/static'
import { type FastifyInstance, fastify } from 'fastify'
import { expect, test } from 'vitest'
import { GreeterService } from '../../gen/greeter/v1/greeter_pb.js'
import { onePort } from '../../server/listen/one-port.ts'
import { portico } from '../../server/plugin.ts'
import { startFastify } from '../support/demo-server.ts'
import { exchanges } from '../support/exchange.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const FILE = randomBytes(700_000)

/** Cookies and uploads are read by hooks of Fastify, in a scope beside that of the calls. */
async function start(addRoutes: (app: FastifyInstance) => unknown): Promise<string> {
  const app = fastify(onePort({ drainTimeoutMs: 0 }))
  await app.register(portico, { routes: (router) => router.service(GreeterService, {}) })
  await app.register(async (scope) => {
    await addRoutes(scope)
  })
  return (await startFastify(app)).origin
}

test.each(exchanges)(
  '@fastify/static serves files, ranges and conditional requests over %s',
  async (_name, exchange) => {
    const root = await temporaryFolder()
    await writeFile(join(root, 'file.bin'), FILE)
    const origin = await start((app) => app.register(statics, { root }))
    const whole = await exchange(origin, { method: 'GET', path: '/file.bin' })
    expect(whole.status).toBe(200)
    expect(whole.body.equals(FILE)).toBe(true)
    expect(whole.headers['content-length']).toBe(String(FILE.length))
    const headers = { range: 'bytes=100-299' }
    const part = await exchange(origin, { method: 'GET', path: '/file.bin', headers })
    expect(part.status).toBe(206)
    expect(part.body.equals(FILE.subarray(100, 300))).toBe(true)
    const etag = String(whole.headers.etag)
    const same = await exchange(origin, { method: 'GET', path: '/file.bin', headers: { 'if-none-match': etag } })
    expect(same).toMatchObject({ status: 304, body: Buffer.alloc(0) })
    expect((await exchange(origin, { method: 'HEAD', path: '/file.bin' })).headers['content-length']).toBe('700000')
  },
)

test.each(exchanges)('@fastify/cookie reads and sets cookies over %s', async (_name, exchange) => {
  const origin = await start(async (app) => {
    await app.register(cookie)
    app.get('/', async (request, reply) => {
      reply.setCookie('one', '1').setCookie('two', '2')
      return request.cookies
    })
  })
  const answer = await exchange(origin, { method: 'GET', path: '/', headers: { cookie: 'a=1; b=2' } })
  expect(JSON.parse(answer.body.toString())).toEqual({ a: '1', b: '2' })
  expect(answer.headers['set-cookie']).toEqual(['one=1; SameSite=Lax', 'two=2; SameSite=Lax'])
})

test.each(exchanges)('@fastify/multipart takes an upload over %s', async (_name, exchange) => {
  const origin = await start(async (app) => {
    await app.register(multipart)
    app.post('/upload', async (request) => {
      const file = await request.file()
      const content = await file?.toBuffer()
      return { name: file?.filename, isSame: content?.equals(FILE) }
    })
  })
  const form = new FormData()
  form.set('file', new File([FILE], 'file.bin'))
  const encoded = new Response(form)
  const answer = await exchange(origin, {
    path: '/upload',
    headers: { 'content-type': String(encoded.headers.get('content-type')) },
    body: Buffer.from(await encoded.arrayBuffer()),
  })
  expect(JSON.parse(answer.body.toString())).toEqual({ name: 'file.bin', isSame: true })
})
