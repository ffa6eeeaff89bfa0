import { expect, test } from 'vitest'
import { normalizeKeepalive } from '../../../../../client/node/connection/keepalive.ts'

test.each([
  [{ timeMs: 9_999 }, 'keepalive.timeMs is 9999'],
  [{ timeMs: Number.NaN }, 'keepalive.timeMs is NaN'],
  [{ timeoutMs: 0 }, 'keepalive.timeoutMs is 0'],
])('rejects %j', (options, message) => {
  expect(() => normalizeKeepalive(options)).toThrow(message)
})
