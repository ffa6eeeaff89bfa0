import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { answerUnservedCall } from '../../../../server/reference/refuse-call.ts'

/** Sends a request to a Fastify with one route, and returns the response. */
async function ask(url: string, headers: Record<string, string> = {}) {
  const app = fastify()
  app.addHook('onRequest', answerUnservedCall)
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('nobody here'))
  app.post('/here', async () => 'here')
  const answer = await app.inject({ method: 'POST', url, headers })
  await app.close()
  return { ...answer, body: answer.body }
}

test('a gRPC call gets UNIMPLEMENTED over HTTP 200', async () => {
  const { statusCode, headers } = await ask('/a.B/C', { 'content-type': 'application/grpc' })
  expect(statusCode).toBe(200)
  expect(headers).toMatchObject({ 'grpc-status': '12', 'grpc-message': '/a.B/C is not implemented' })
})

test('a unary Connect call gets it over HTTP 404, without its query', async () => {
  const call = { 'content-type': 'application/json', 'connect-protocol-version': '1' }
  const { statusCode, body } = await ask('/a.B/C?d=e', call)
  expect(statusCode).toBe(404)
  expect(JSON.parse(body)).toEqual({ code: 'unimplemented', message: '/a.B/C is not implemented' })
})

test('a Connect stream gets it in its end-stream message', async () => {
  const { statusCode, body } = await ask('/a.B/C', { 'content-type': 'application/connect+json' })
  expect(statusCode).toBe(200)
  expect(JSON.parse(body.slice(5))).toMatchObject({ error: { code: 'unimplemented' } })
})

test("ordinary HTTP gets the user's 404", async () => {
  const { statusCode, body } = await ask('/nowhere', { 'content-type': 'text/plain' })
  expect([statusCode, body]).toEqual([404, 'nobody here'])
})

test('a path that has a route passes, whatever the protocol', async () => {
  const { statusCode } = await ask('/here', { 'content-type': 'application/grpc' })
  expect(statusCode).not.toBe(200)
})
