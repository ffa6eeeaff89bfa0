import { Code } from '@connectrpc/connect'
import { type FastifyRequest, fastify } from 'fastify'
import { expect, test } from 'vitest'
import { callOutcomeOf } from '../../../../server/reference/call-outcomes.ts'
import { answerUnservedCall } from '../../../../server/reference/refuse-call.ts'

/** Asks a Fastify with one route, and tells what came back and what the call's outcome says. */
async function ask(url: string, headers: Record<string, string> = {}) {
  const app = fastify()
  let seen: FastifyRequest | undefined
  app.addHook('onRequest', async (request) => {
    seen = request
  })
  app.addHook('onRequest', answerUnservedCall)
  app.setNotFoundHandler((_request, reply) => reply.code(404).send('nobody here'))
  app.post('/here', async () => 'here')
  const answer = await app.inject({ method: 'POST', url, headers })
  await app.close()
  if (seen === undefined) throw new Error('the request never arrived')
  return { ...answer, body: answer.body, outcome: callOutcomeOf(seen.raw, seen.log).code }
}

test('a gRPC call is told UNIMPLEMENTED over HTTP 200', async () => {
  const { statusCode, headers, outcome } = await ask('/a.B/C', { 'content-type': 'application/grpc' })
  expect(statusCode).toBe(200)
  expect(headers).toMatchObject({ 'grpc-status': '12', 'grpc-message': '/a.B/C is not implemented' })
  expect(outcome).toBe(Code.Unimplemented)
})

test('a unary Connect call is told so over HTTP 404, without its query', async () => {
  const call = { 'content-type': 'application/json', 'connect-protocol-version': '1' }
  const { statusCode, body, outcome } = await ask('/a.B/C?d=e', call)
  expect(statusCode).toBe(404)
  expect(JSON.parse(body)).toEqual({ code: 'unimplemented', message: '/a.B/C is not implemented' })
  expect(outcome).toBe(Code.Unimplemented)
})

test('a Connect stream is told so in its last message', async () => {
  const { statusCode, body } = await ask('/a.B/C', { 'content-type': 'application/connect+json' })
  expect(statusCode).toBe(200)
  expect(JSON.parse(body.slice(5))).toMatchObject({ error: { code: 'unimplemented' } })
})

test('ordinary HTTP passes to the 404 of the user', async () => {
  const { statusCode, body, outcome } = await ask('/nowhere', { 'content-type': 'text/plain' })
  expect([statusCode, body, outcome]).toEqual([404, 'nobody here', undefined])
})

test('a path that has a route passes, whatever the protocol', async () => {
  const { statusCode, outcome } = await ask('/here', { 'content-type': 'application/grpc' })
  expect(statusCode).not.toBe(200)
  expect(outcome).toBeUndefined()
})
