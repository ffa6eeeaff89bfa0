import { Code } from '@connectrpc/connect'
import { describe, expect, test } from 'vitest'
import { decodeBudgetFor } from '../../../../wire/decode-budget/decode-budget.ts'
import { createMessageCodecs } from '../../../../wire/message-codec.ts'
import { JSON_BOMBS, PLAIN_JSON } from '../../../support/json-bombs.ts'
import { Sample } from '../../../support/sample-types.ts'

const LENGTH = 65_536

const { json } = createMessageCodecs(
  { decodes: Sample, encodes: Sample },
  { json: {}, binary: undefined, decodeBudgetBytes: decodeBudgetFor(LENGTH) },
)

describe('JSON that takes far more memory than its characters is rejected', () => {
  test.each(Object.entries(JSON_BOMBS))('%s', (_, make) => {
    expect(() => json.decode(Buffer.from(make(LENGTH)))).toThrow(
      expect.objectContaining({
        code: Code.ResourceExhausted,
        rawMessage: expect.stringMatching(/^the decoded message takes more than decodeBudgetBytes, 524288 bytes/),
      }),
    )
  })

  test.each(Object.entries(JSON_BOMBS))('also if truncated: %s', (_, make) => {
    expect(() => json.decode(Buffer.from(make(2 * LENGTH).slice(0, -2)))).toThrow(
      expect.objectContaining({
        code: expect.toSatisfy((code) => code === Code.ResourceExhausted || code === Code.InvalidArgument),
      }),
    )
  })

  test.each(Object.entries(JSON_BOMBS))('but not a small text of the same kind: %s', (_, make) => {
    expect(() => json.decode(Buffer.from(make(500)))).not.toThrow()
  })
})

describe('JSON that takes at most a few times its characters is accepted', () => {
  test.each(Object.entries(PLAIN_JSON))('%s', (_, make) => {
    expect(() => json.decode(Buffer.from(make(LENGTH - 300)))).not.toThrow()
  })
})
