import { expect, test, vi } from 'vitest'
import { logReceived, MAX_LOGGED_LENGTH } from '../../../../../server/demo/compat/message-log.ts'

test('client text is a field, never part of the message', () => {
  const info = vi.fn()
  logReceived({ info }, 'x\n{"level":60} %s')
  expect(info).toHaveBeenCalledExactlyOnceWith(
    { data: 'x\n{"level":60} %s', dataLength: 17, isCut: false },
    'message received',
  )
})

test('a long text is truncated, and not within a character', () => {
  const info = vi.fn()
  const text = `${'x'.repeat(MAX_LOGGED_LENGTH - 1)}😀`
  logReceived({ info }, text)
  const [fields] = info.mock.calls[0] ?? []
  expect(fields).toMatchObject({ dataLength: MAX_LOGGED_LENGTH + 1, isCut: true })
  expect(fields.data.length).toBe(MAX_LOGGED_LENGTH)
  expect(fields.data.isWellFormed()).toBe(true)
})

test('a text of exactly the limit is not truncated', () => {
  const info = vi.fn()
  logReceived({ info }, 'x'.repeat(MAX_LOGGED_LENGTH))
  expect(info.mock.calls[0]?.[0]).toMatchObject({ data: 'x'.repeat(MAX_LOGGED_LENGTH), isCut: false })
})
