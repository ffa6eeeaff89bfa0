/** Checks the OpenAPI documents with more requests than `npm run interop`, which takes minutes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runChecks } from '../../support/run-checks.ts'
import { openApiChecks } from './openapi.ts'

const TIMEOUT_MS = 1_800_000

await using cleanup = new AsyncDisposableStack()
const folder = await mkdtemp(path.join(tmpdir(), 'openapi-'))
cleanup.defer(() => rm(folder, { recursive: true }))
const size = process.argv[2] === 'short' ? 'short' : 'deep'
const { checks } = cleanup.use(await openApiChecks(folder, size))
await runChecks(checks, { timeoutMs: TIMEOUT_MS })
