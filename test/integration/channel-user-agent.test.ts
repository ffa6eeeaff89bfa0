/** The user agent: the name from the application, followed by that of the client. */
import { expect, test } from 'vitest'
import { startHttpServer } from '../support/http-server.ts'
import { openGreeter } from '../support/open-greeter.ts'

test.each([
  { protocol: 'grpc', httpVersion: '2' },
  { protocol: 'grpc-web', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '2' },
  { protocol: 'connect', httpVersion: '1.1' },
  { protocol: 'connect', httpVersion: '2', useHttpGet: true },
] as const)('a custom user agent precedes that of the client: %j', async (way) => {
  const server = await startHttpServer({ httpVersion: way.httpVersion, greeter: { sayHello: () => ({}) } })
  const plain = openGreeter({ ...way, baseUrl: server.origin }).client
  const named = openGreeter({ ...way, baseUrl: server.origin, userAgent: 'desk/2.1 (test)' }).client
  const headers = { 'user-agent': 'call/1' }
  await plain.sayHello({})
  await plain.sayHello({}, { headers })
  await named.sayHello({})
  await named.sayHello({}, { headers })
  const own = server.heads[0]?.['user-agent']
  expect(own).toMatch(/^portico\/\S+ node\/\S+$/)
  expect(server.heads.map((head) => head['user-agent'])).toEqual([
    own,
    `call/1 ${own}`,
    `desk/2.1 (test) ${own}`,
    `call/1 desk/2.1 (test) ${own}`,
  ])
})

test.each(['', ' a', 'a ', 'a\nb', 'ä'])('rejects the user agent %j', (userAgent) => {
  expect(() => openGreeter({ baseUrl: 'http://localhost', userAgent })).toThrow(/^userAgent is /)
})
