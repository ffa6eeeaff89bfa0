import { expect, it } from 'vitest'
import { startDemo } from '../support/demo-server.ts'

it.each([
  ['/', 'text/html; charset=utf-8'],
  ['/index.html', 'text/html; charset=utf-8'],
  ['/app.js', 'text/javascript; charset=utf-8'],
  ['/app.css', 'text/css; charset=utf-8'],
  ['/favicon.svg', 'image/svg+xml'],
  ['/licenses.txt', 'text/plain; charset=utf-8'],
])('serves %s with its type and the content security policy', async (path, contentType) => {
  const { origin } = await startDemo()
  const response = await fetch(origin + path)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe(contentType)
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  expect((await response.text()).length).toBeGreaterThan(0)
})

it('responds 304 to an unchanged file', async () => {
  const { origin } = await startDemo()
  const first = await fetch(`${origin}/app.js`)
  await first.arrayBuffer()
  const again = await fetch(`${origin}/app.js`, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } })
  expect(again.status).toBe(304)
  expect(await again.text()).toBe('')
  const other = await fetch(`${origin}/app.js`, { headers: { 'if-none-match': '"another"' } })
  expect(other.status).toBe(200)
  await other.arrayBuffer()
})

it('answers HEAD with the length alone', async () => {
  const { origin } = await startDemo()
  const response = await fetch(`${origin}/`, { method: 'HEAD' })
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(1_000)
  expect(await response.text()).toBe('')
})

it('serves no other path', async () => {
  const { origin } = await startDemo()
  for (const path of ['/package.json', '/../package.json', '/%2e%2e/package.json', '/app.js/', '/dist/app.js']) {
    const response = await fetch(origin + path)
    expect(response.status).toBe(404)
    await response.arrayBuffer()
  }
})
