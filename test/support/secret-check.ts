/** Fails a test whose server or program shows a planted secret in what the helpers of tests collect. */
import { afterEach, beforeEach } from 'vitest'
import { assertNoSecrets, takeFoundSecrets } from './planted-secrets.ts'

beforeEach(() => {
  takeFoundSecrets()
})

afterEach(assertNoSecrets)
