import { expect, it } from 'vitest'
import { HealthBook } from '../../../../../console/app/live/health/health-book.ts'

it('knows since when a status holds', () => {
  let now = 1_000
  const book = new HealthBook(() => now)
  book.setStatus('a.A', 'SERVING', 'live')
  now = 2_000
  book.setStatus('a.A', 'SERVING', 'live')
  expect(book.services.value).toEqual([{ service: 'a.A', status: 'SERVING', sinceMs: 1_000, link: 'live', fault: '' }])
  now = 3_000
  book.setStatus('a.A', 'NOT_SERVING', 'live')
  book.setLink('a.A', 'failed', 'not allowed')
  expect(book.services.value).toEqual([
    { service: 'a.A', status: 'NOT_SERVING', sinceMs: 3_000, link: 'failed', fault: 'not allowed' },
  ])
  expect(book.changes.value).toEqual([{ atMs: 3_000, service: 'a.A', from: 'SERVING', to: 'NOT_SERVING' }])
})

it('keeps a bounded history, and a bounded number of services', () => {
  const book = new HealthBook()
  for (let turn = 0; turn < 500; turn++) book.setStatus('a.A', turn % 2 === 0 ? 'SERVING' : 'NOT_SERVING', 'live')
  expect(book.changes.value).toHaveLength(200)
  for (let index = 0; index < 2_100; index++) book.setStatus(`s${index}`, 'SERVING', 'polled')
  expect(book.services.value).toHaveLength(2_000)
})
