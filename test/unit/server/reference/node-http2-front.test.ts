import { EventEmitter } from 'node:events'
import type { Http2Session } from 'node:http2'
import { expect, test, vi } from 'vitest'
import { OpenStreams } from '../../../../server/reference/node-http2-front.ts'

test('is empty until a stream opens, and again once the last one has closed', () => {
  const session = new EventEmitter()
  const streams = new OpenStreams(session as Http2Session)
  const onEmpty = vi.fn()
  streams.onEmpty(onEmpty)
  expect(streams.isEmpty).toBe(true)
  const [one, other] = [new EventEmitter(), new EventEmitter()]
  session.emit('stream', one)
  session.emit('stream', other)
  one.emit('close')
  expect(streams.isEmpty).toBe(false)
  expect(onEmpty).not.toHaveBeenCalled()
  other.emit('close')
  expect(streams.isEmpty).toBe(true)
  expect(onEmpty).toHaveBeenCalledOnce()
})
