import type { IncomingMessage } from 'node:http'
import { expect, test } from 'vitest'
import { toOriginForm } from '../../../../server/listen/origin-form.ts'

function requestOf(method: string, url: string, host: string | undefined): IncomingMessage {
  return { method, url, headers: { host } } as unknown as IncomingMessage
}

test.each([
  ['GET', 'http://a.test/x?y=1', 'a.test', '/x?y=1'],
  ['GET', 'HTTPS://A.TEST:443/x', 'a.test', '/x'],
  ['GET', 'http://a.test', 'a.test', '/'],
  ['GET', 'http://a.test?y', 'a.test', '/?y'],
  ['GET', 'http://a.test/x#part', 'a.test', '/x'],
  ['OPTIONS', 'http://a.test', 'a.test', '*'],
  ['GET', 'http://a.test/x', '', '/x'],
  ['GET', 'http://a.test/x', undefined, '/x'],
])('%s %s of Host %s becomes %s', (method, url, host, target) => {
  const request = requestOf(method, url, host)
  expect(toOriginForm(request)).toBe(true)
  expect(request.url).toBe(target)
  expect(request.headers.host?.toLowerCase()).toMatch(/^a\.test(:443)?$/)
})

test.each([
  ['/x', 'a.test'],
  ['*', 'a.test'],
  ['http://b.test/x', 'a.test'],
  ['http://user@a.test/x', 'a.test'],
  ['http:///x', 'a.test'],
  ['http://[/x', 'a.test'],
  ['ftp://a.test/x', 'a.test'],
  ['a.test:443', 'a.test:443'],
])('%s of Host %s stays as it is', (url, host) => {
  const request = requestOf('GET', url, host)
  expect(toOriginForm(request)).toBe(false)
  expect(request).toEqual(requestOf('GET', url, host))
})
