import { fastify } from 'fastify'
import { expect, test } from 'vitest'
import { hasRoute } from '../../../server/has-route.ts'

const PATH = '/greeter.v1.GreeterService/SayHello'

test.each([
  [PATH, true],
  ['*', true],
  ['/*', true],
  ['/greeter.v1.GreeterService/*', true],
  ['/:service/:method', true],
  ['/:service/SayHello', true],
  ['/greeter.v1.GreeterService/:method', true],
  ['/', false],
  ['/other', false],
  ['/other/*', false],
  ['/:service', false],
  ['/:service/:method/:more', false],
  ['/greeter.v1.GreeterService/SayHello/*', false],
])('a route %s: %s', async (url, isFound) => {
  const app = fastify()
  await app.register(async (scope) => scope.post(url, async () => ''))
  await app.ready()
  expect(hasRoute(app, 'POST', PATH)).toBe(isFound)
  expect(hasRoute(app, 'GET', PATH)).toBe(false)
  await app.close()
})

test.each([
  ['/a/b/c/d', '/a/:x/c/d', true],
  ['/a/b/c/d/e/f', '/a/b/c/*', true],
  ['/a/b/c/d/e/f', '/a/b/c/d/e/f', true],
  ['/a/b%20c', '/a/:x', true],
  ['/a/b%zzc', '/a/:x', false],
  ['/a:b/c', '/a::b/c', true],
  ['/', '/', true],
])('in %s, the route %s is found: %s', async (path, url, isFound) => {
  const app = fastify()
  app.post(url, async () => '')
  await app.ready()
  expect(hasRoute(app, 'POST', path)).toBe(isFound)
  await app.close()
})
