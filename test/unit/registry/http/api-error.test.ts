/** What a log shows of an error of a registry's HTTP API. */
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ApiError } from '../../../../registry/http/http-api.ts'

test('an error has the body of its response, and a log does not', () => {
  const error = new ApiError('PUT /v1/agent/service/register has status 400: long', 400, 'a long body')
  expect(error.body).toBe('a long body')
  const shown = pino.stdSerializers.errWithCause(error)
  expect(shown).toMatchObject({ type: 'ApiError', status: 400, message: error.message })
  expect(JSON.stringify(shown)).not.toContain('a long body')
})
